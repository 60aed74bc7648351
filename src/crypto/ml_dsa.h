// ML-DSA (FIPS 204): hedged signatures with a context string.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::crypto {

enum class MlDsa : std::uint8_t { k44, k65, k87 };

inline constexpr std::size_t kMlDsaSeedSize = 32;  // xi, FIPS 204 section 5.1

constexpr std::size_t signature_size(MlDsa p) {
  return p == MlDsa::k44 ? 2420 : p == MlDsa::k65 ? 3309 : 4627;
}
constexpr std::size_t public_key_size(MlDsa p) {
  return p == MlDsa::k44 ? 1312 : p == MlDsa::k65 ? 1952 : 2592;
}
std::string_view to_string(MlDsa parameter_set);  // "ML-DSA-65"
Result<MlDsa> parse_ml_dsa(std::string_view name);

// MlDsaPrivateKey signs. Immutable: safe from any thread.
class MlDsaPrivateKey {
 public:
  static Result<MlDsaPrivateKey> create(MlDsa parameter_set, const SecretBytes& seed);
  MlDsaPrivateKey(MlDsaPrivateKey&&) noexcept;
  MlDsaPrivateKey& operator=(MlDsaPrivateKey&&) noexcept;
  ~MlDsaPrivateKey();

  // sign gives signature_size octets over `message` with `context` (up to 255 octets).
  [[nodiscard]] Result<Bytes> sign(ByteView message, std::string_view context) const;
  // expanded gives the private key that FIPS 204 section 5.1 expands the seed to.
  [[nodiscard]] SecretBytes expanded() const;
  [[nodiscard]] Bytes public_key() const;
  [[nodiscard]] MlDsa parameter_set() const;

 private:
  struct Impl;
  explicit MlDsaPrivateKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// ml_dsa_verify is true only for a valid signature of exactly signature_size
// octets by exactly this key and context; any malformed input is false.
bool ml_dsa_verify(MlDsa parameter_set, ByteView public_key, ByteView message,
                   std::string_view context, ByteView signature);

// ml_dsa_public_key_pem and its reverse: SubjectPublicKeyInfo (RFC 9881) in PEM.
Result<std::string> ml_dsa_public_key_pem(MlDsa parameter_set, ByteView public_key);
struct MlDsaPublicKey {
  MlDsa parameter_set;
  Bytes encoded;
};
Result<MlDsaPublicKey> parse_ml_dsa_public_key_pem(std::string_view pem);

}  // namespace quantumapi::crypto
