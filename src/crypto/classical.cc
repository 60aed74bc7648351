#include "crypto/classical.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/nid.h>

#include <array>

#include "crypto/require.h"

namespace quantumapi::crypto {
namespace {

using Key = bssl::UniquePtr<EVP_PKEY>;

constexpr std::size_t kMaterialSize = 32;
constexpr std::size_t kPointSize = 65;  // SEC 1 section 2.3.3, uncompressed
constexpr std::size_t kEd25519KeySize = 32;

std::unexpected<Error> fail_cleared(Code code, std::string message) {
  ERR_clear_error();
  return fail(code, std::move(message));
}

const EVP_MD* hash_of(Classical algorithm) {
  return algorithm == Classical::kP256 ? EVP_sha256() : nullptr;
}

Key wrap(const bssl::UniquePtr<EC_KEY>& inner) {
  Key key(EVP_PKEY_new());
  if (!key || EVP_PKEY_set1_EC_KEY(key.get(), inner.get()) != 1) return nullptr;
  return key;
}

Key p256_of(ByteView octets) {
  const bssl::UniquePtr<EC_KEY> inner(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const bssl::UniquePtr<BIGNUM> scalar(BN_bin2bn(octets.data(), octets.size(), nullptr));
  if (!inner || !scalar) return nullptr;
  const EC_GROUP* group = EC_KEY_get0_group(inner.get());
  const bssl::UniquePtr<EC_POINT> point(EC_POINT_new(group));
  // EC_KEY_set_private_key refuses what lies outside 1 … order - 1.
  const bool made =
      point && EC_KEY_set_private_key(inner.get(), scalar.get()) == 1 &&
      EC_POINT_mul(group, point.get(), scalar.get(), nullptr, nullptr, nullptr) == 1 &&
      EC_KEY_set_public_key(inner.get(), point.get()) == 1 && EC_KEY_check_key(inner.get()) == 1;
  BN_clear(scalar.get());
  return made ? wrap(inner) : nullptr;
}

Key p256_public(ByteView encoded) {
  if (encoded.size() != kPointSize || encoded[0] != POINT_CONVERSION_UNCOMPRESSED) return nullptr;
  const bssl::UniquePtr<EC_KEY> inner(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  if (!inner) return nullptr;
  const EC_GROUP* group = EC_KEY_get0_group(inner.get());
  const bssl::UniquePtr<EC_POINT> point(EC_POINT_new(group));
  if (!point ||
      EC_POINT_oct2point(group, point.get(), encoded.data(), encoded.size(), nullptr) != 1 ||
      EC_KEY_set_public_key(inner.get(), point.get()) != 1)
    return nullptr;
  return wrap(inner);
}

}  // namespace

Result<Key> classical_key(Classical algorithm, const SecretBytes& material) {
  if (material.size() != kMaterialSize)
    return fail(Code::kInvalidArgument, "A classical signing key must be 32 octets.");
  const ByteView octets = material.reveal(SecretAccess{});
  Key key = algorithm == Classical::kP256
                ? p256_of(octets)
                : Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets.data(),
                                                   octets.size()));
  if (!key) return fail_cleared(Code::kInvalidArgument, "The octets are no key of the algorithm.");
  return key;
}

Key classical_public_key(Classical algorithm, ByteView encoded) {
  Key key;
  if (algorithm == Classical::kP256)
    key = p256_public(encoded);
  else if (encoded.size() == kEd25519KeySize)
    key.reset(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, encoded.data(), encoded.size()));
  if (!key) ERR_clear_error();
  return key;
}

Bytes classical_encoded(Classical algorithm, const EVP_PKEY* key) {
  if (algorithm == Classical::k25519) {
    Bytes encoded(kEd25519KeySize);
    std::size_t size = encoded.size();
    require(EVP_PKEY_get_raw_public_key(key, encoded.data(), &size) == 1 && size == encoded.size(),
            "an Ed25519 public key could not be encoded");
    return encoded;
  }
  const EC_KEY* inner = EVP_PKEY_get0_EC_KEY(key);
  Bytes encoded(kPointSize);
  require(inner != nullptr &&
              EC_POINT_point2oct(EC_KEY_get0_group(inner), EC_KEY_get0_public_key(inner),
                                 POINT_CONVERSION_UNCOMPRESSED, encoded.data(), encoded.size(),
                                 nullptr) == encoded.size(),
          "a P-256 public key could not be encoded");
  return encoded;
}

Result<Bytes> classical_sign(Classical algorithm, EVP_PKEY* key, ByteView message) {
  bssl::ScopedEVP_MD_CTX operation;
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_size(key)));
  std::size_t length = signature.size();
  if (EVP_DigestSignInit(operation.get(), nullptr, hash_of(algorithm), nullptr, key) != 1 ||
      EVP_DigestSign(operation.get(), signature.data(), &length, message.data(), message.size()) !=
          1)
    return fail_cleared(Code::kInternal, "The classical key could not sign.");
  signature.resize(length);
  return signature;
}

bool classical_verify(Classical algorithm, EVP_PKEY* key, ByteView message, ByteView signature) {
  bssl::ScopedEVP_MD_CTX operation;
  const bool valid =
      EVP_DigestVerifyInit(operation.get(), nullptr, hash_of(algorithm), nullptr, key) == 1 &&
      EVP_DigestVerify(operation.get(), signature.data(), signature.size(), message.data(),
                       message.size()) == 1;
  if (!valid) ERR_clear_error();
  return valid;
}

}  // namespace quantumapi::crypto
