// SigningKey: one signing key of any algorithm, post-quantum or classical.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/ml_dsa.h"

namespace quantumapi::crypto {

// Every algorithm's key is made from 32 octets: the seed of ML-DSA (FIPS 204) and
// Ed25519 (RFC 8032), the scalar of ECDSA P-256.
inline constexpr std::size_t kSigningMaterialSize = 32;
inline constexpr std::string_view kEcdsaP256 = "ECDSA-P256";
inline constexpr std::string_view kEd25519 = "Ed25519";

// signing_algorithm gives the constant of that name ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87",
// "ECDSA-P256", "Ed25519"), empty when there is none.
std::string_view signing_algorithm(std::string_view name);
// is_classical is true for the algorithms that a quantum computer breaks.
bool is_classical(std::string_view signing_algorithm);

// SigningKey signs and verifies. Immutable: safe from any thread.
class SigningKey {
 public:
  // create: kInvalidArgument for another algorithm, another size, or a scalar
  // that P-256 does not have (0 and the group's order on).
  static Result<SigningKey> create(std::string_view algorithm, const SecretBytes& material);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  // sign gives a signature over `message`: ML-DSA's as FIPS 204 encodes it, ECDSA's
  // (with SHA-256) as ECDSA-Sig-Value in DER, Ed25519's 64 octets. Classical
  // algorithms have no context: kInvalidArgument unless it is empty.
  [[nodiscard]] Result<Bytes> sign(ByteView message, std::string_view context) const;
  // verify is verify_signature with this key.
  [[nodiscard]] bool verify(ByteView message, std::string_view context, ByteView signature) const;
  // public_key is ML-DSA's pk, Ed25519's 32 octets, or P-256's uncompressed point (65).
  [[nodiscard]] const Bytes& public_key() const;
  [[nodiscard]] std::string_view algorithm() const;
  // ml_dsa gives the key itself where the caller asked for an ML-DSA key: asking
  // a classical one ends the process.
  [[nodiscard]] const MlDsaPrivateKey& ml_dsa() const;

 private:
  struct Impl;
  explicit SigningKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// verify_signature is true only for a valid signature by exactly this key over
// this message in this context; anything malformed is false.
bool verify_signature(std::string_view algorithm, ByteView public_key, ByteView message,
                      std::string_view context, ByteView signature);

}  // namespace quantumapi::crypto
