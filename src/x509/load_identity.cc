// Identities that an operator brings along.
#include "x509/aws_lc.h"
#include "x509/family.h"
#include "x509/private_key.h"
#include "x509/server_identity.h"

namespace quantumapi::x509 {
namespace {

std::unexpected<Error> refuse(std::string message) {
  return fail_cleared(Code::kInvalidArgument, std::move(message));
}

// place names an element in messages as an operator counts: the leaf is the first.
std::string place(std::size_t index) { return "Certificate " + std::to_string(index + 1); }

// Each element is held by its own key and by its signature, so that the
// issuer of the last one counts although it is not at hand.
Status check_family(X509* certificate, std::size_t index, Family family) {
  const Family key = key_family(X509_get0_pubkey(certificate));
  if (key == Family::kUnknown)
    return refuse(place(index) + " has a public key of an unknown kind.");
  const Family signature = signature_family(certificate);
  if (key == Family::kBroken || signature == Family::kBroken || signature == Family::kUnknown)
    return refuse(place(index) +
                  " is signed with an algorithm that is not accepted, or its RSA key is short.");
  if (key == family && signature == family) return {};
  return refuse(place(index) + (family == Family::kMlDsa
                                    ? " has a classical key or signature in an ML-DSA chain."
                                    : " has an ML-DSA key or signature in a classical chain."));
}

Status check_link(X509* issuer, X509* subject, std::size_t index) {
  if (X509_check_ca(issuer) != 1)
    return refuse(place(index) + " stands as an issuer but is no CA certificate.");
  if (X509_check_issued(issuer, subject) != X509_V_OK ||
      X509_verify(subject, X509_get0_pubkey(issuer)) != 1 ||
      !names_parameter_set(subject, X509_get0_pubkey(issuer)))
    return refuse(place(index) + " of the chain did not sign the one before it.");
  return {};
}

bool is_self_signed(X509* certificate) {
  const bool same = X509_check_issued(certificate, certificate) == X509_V_OK &&
                    X509_verify(certificate, X509_get0_pubkey(certificate)) == 1;
  ERR_clear_error();
  return same;
}

Status check_leaf(X509* leaf, const EVP_PKEY* key) {
  if (X509_check_private_key(leaf, key) != 1)
    return refuse("The private key does not belong to the first certificate of the chain.");
  if (X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) != 1)
    return refuse("The first certificate of the chain is not for a TLS server.");
  return {};
}

}  // namespace

Status check_server_key(const SecretBytes& key_pem) {
  TRY(parse_key_pem(key_pem));
  return {};
}

Result<Identity> load_identity(std::string_view chain_pem, const SecretBytes& key_pem) {
  TRY_ASSIGN(std::vector<Certificate> chain, read_certificates(chain_pem));
  TRY_ASSIGN(const Key key, parse_key_pem(key_pem));
  const KeyType type = *key_type(key.get());
  const Family family = key_family(key.get());
  TRY(check_leaf(chain.front().get(), key.get()));
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if ((X509_get_extension_flags(chain[i].get()) & EXFLAG_INVALID) != 0)
      return refuse(place(i) + " has extensions that can't be read.");
    TRY(check_family(chain[i].get(), i, family));
    if (i > 0) TRY(check_link(chain[i].get(), chain[i - 1].get(), i));
  }
  // Clients have the root or they don't: sending it gains nothing.
  if (chain.size() > 1 && is_self_signed(chain.back().get())) chain.pop_back();

  Identity out{type, {}, {}};
  for (const Certificate& certificate : chain) {
    TRY_ASSIGN(const std::string pem, certificate_pem(certificate.get()));
    out.chain_pem += pem;
  }
  TRY_ASSIGN(out.key_pkcs8_der, key_pkcs8(key.get()));
  return out;
}

}  // namespace quantumapi::x509
