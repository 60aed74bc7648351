// Private keys of ours in PKCS#8, for those they are handed to.
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>

#include "base/encoding.h"
#include "crypto/classical.h"
#include "crypto/ml_dsa_nid.h"
#include "crypto/private_key.h"
#include "crypto/signing_key.h"

namespace quantumapi::crypto {
namespace {

constexpr std::size_t kLine = 64;  // RFC 7468 section 2

Result<bssl::UniquePtr<EVP_PKEY>> key_of(std::string_view algorithm, const SecretBytes& seed) {
  if (algorithm == kEcdsaP256) return classical_key(Classical::kP256, seed);
  if (algorithm == kEd25519) return classical_key(Classical::k25519, seed);
  TRY_ASSIGN(const MlDsa set, parse_ml_dsa(algorithm));
  const ByteView octets = seed.reveal(SecretAccess{});
  bssl::UniquePtr<EVP_PKEY> key(
      EVP_PKEY_pqdsa_new_raw_private_key(nid_of(set), octets.data(), octets.size()));
  if (!key) {
    ERR_clear_error();
    return fail(Code::kInvalidArgument, "The seed is none of the algorithm.");
  }
  return key;
}

}  // namespace

Result<SecretBytes> private_key_pem(std::string_view algorithm, const SecretBytes& seed) {
  if (seed.size() != kSigningMaterialSize)
    return fail(Code::kInvalidArgument, "A signing key is made from 32 octets.");
  TRY_ASSIGN(const auto key, key_of(algorithm, seed));
  bssl::ScopedCBB writer;
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  // AWS-LC writes an ML-DSA key that was made from its seed in the seed form (RFC 9881 section 6).
  if (CBB_init(writer.get(), 256) != 1 || EVP_marshal_private_key(writer.get(), key.get()) != 1 ||
      CBB_finish(writer.get(), &data, &size) != 1) {
    ERR_clear_error();
    return fail(Code::kInternal, "A private key could not be encoded.");
  }
  const bssl::UniquePtr<std::uint8_t> owner(data);  // OPENSSL_free wipes
  const SecretBytes text = base::base64_encode_secret({data, size}, base::Base64::kStandard);
  base::WipedString pem("-----BEGIN PRIVATE KEY-----\n");
  std::string_view left = text.reveal_text(SecretAccess{});
  for (; !left.empty(); left.remove_prefix(std::min(kLine, left.size()))) {
    pem += left.substr(0, kLine);
    pem += '\n';
  }
  pem += "-----END PRIVATE KEY-----\n";
  return SecretBytes::copy_of(std::string_view(pem));
}

}  // namespace quantumapi::crypto
