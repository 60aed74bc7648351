#include "x509/service_identity.h"

#include "x509/certificate_reader.h"
#include "x509/private_key.h"

namespace quantumapi::x509 {

Result<Identity> service_identity(std::string_view chain_pem, KeyType type,
                                  const SecretBytes& seed) {
  TRY_ASSIGN(const std::vector<Certificate> chain, read_certificates(chain_pem));
  TRY_ASSIGN(const Key key, derive_key(type, seed));
  if (X509_check_private_key(chain.front().get(), key.get()) != 1)
    return fail_cleared(Code::kInvalidArgument, "The certificate is for another key.");
  Identity identity{type, {}, {}};
  for (const Certificate& certificate : chain) {
    TRY_ASSIGN(const std::string pem, certificate_pem(certificate.get()));
    identity.chain_pem += pem;
  }
  TRY_ASSIGN(identity.key_pkcs8_der, key_pkcs8(key.get()));
  return identity;
}

Result<Bytes> authority_key_id(ByteView certificate) {
  TRY_ASSIGN(Issuer issuer, read_issuer(certificate));
  return std::move(issuer.key_id);
}

}  // namespace quantumapi::x509
