// ML-KEM (FIPS 203): encapsulation and decapsulation of 32-byte shared secrets.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::crypto {

enum class MlKem : std::uint8_t { k512, k768, k1024 };

inline constexpr std::size_t kMlKemSeedSize = 64;  // d || z, FIPS 203 section 7.1
inline constexpr std::size_t kSharedSecretSize = 32;

constexpr std::size_t ciphertext_size(MlKem p) {
  return p == MlKem::k512 ? 768 : p == MlKem::k768 ? 1088 : 1568;
}
constexpr std::size_t public_key_size(MlKem p) {
  return p == MlKem::k512 ? 800 : p == MlKem::k768 ? 1184 : 1568;
}
std::string_view to_string(MlKem parameter_set);  // "ML-KEM-768"
Result<MlKem> parse_ml_kem(std::string_view name);

// MlKemPublicKey encapsulates. Immutable: safe from any thread.
class MlKemPublicKey {
 public:
  // create needs public_key_size octets that pass the modulus check of FIPS 203 section 7.2.
  static Result<MlKemPublicKey> create(MlKem parameter_set, ByteView encoded);
  MlKemPublicKey(MlKemPublicKey&&) noexcept;
  MlKemPublicKey& operator=(MlKemPublicKey&&) noexcept;
  ~MlKemPublicKey();

  // encapsulate_to writes ciphertext_size octets and the 32-byte shared secret.
  Status encapsulate_to(MutableBytes ciphertext, MutableBytes shared_secret) const;
  [[nodiscard]] Bytes encoded() const;
  [[nodiscard]] MlKem parameter_set() const;

 private:
  struct Impl;
  explicit MlKemPublicKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// MlKemPrivateKey decapsulates, and encapsulates to itself. Immutable: safe from any thread.
class MlKemPrivateKey {
 public:
  // create expands a 64-byte seed (12 us for ML-KEM-768).
  static Result<MlKemPrivateKey> create(MlKem parameter_set, const SecretBytes& seed);
  MlKemPrivateKey(MlKemPrivateKey&&) noexcept;
  MlKemPrivateKey& operator=(MlKemPrivateKey&&) noexcept;
  ~MlKemPrivateKey();

  // decapsulate_to writes the 32-byte shared secret. A changed ciphertext of
  // the right size gives another secret, not an error (implicit rejection).
  Status decapsulate_to(ByteView ciphertext, MutableBytes shared_secret) const;
  Status encapsulate_to(MutableBytes ciphertext, MutableBytes shared_secret) const;
  // expanded gives the decapsulation key that FIPS 203 section 7.1 expands the seed to.
  [[nodiscard]] SecretBytes expanded() const;
  [[nodiscard]] Bytes public_key() const;
  [[nodiscard]] MlKem parameter_set() const;

 private:
  struct Impl;
  explicit MlKemPrivateKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::crypto
