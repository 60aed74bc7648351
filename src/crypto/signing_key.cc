#include "crypto/signing_key.h"

#include <array>
#include <optional>
#include <utility>
#include <variant>

#include "crypto/classical.h"
#include "crypto/require.h"

namespace quantumapi::crypto {
namespace {

constexpr std::array kSets{MlDsa::k44, MlDsa::k65, MlDsa::k87};

std::optional<Classical> classical_of(std::string_view algorithm) {
  if (algorithm == kEcdsaP256) return Classical::kP256;
  if (algorithm == kEd25519) return Classical::k25519;
  return std::nullopt;
}

// ClassicalKey is the other alternative to MlDsaPrivateKey.
struct ClassicalKey {
  Classical algorithm;
  bssl::UniquePtr<EVP_PKEY> key;
};

}  // namespace

std::string_view signing_algorithm(std::string_view name) {
  for (const MlDsa set : kSets)
    if (to_string(set) == name) return to_string(set);
  if (name == kEcdsaP256) return kEcdsaP256;
  return name == kEd25519 ? kEd25519 : std::string_view();
}

bool is_classical(std::string_view algorithm) { return classical_of(algorithm).has_value(); }

struct SigningKey::Impl {
  std::string_view algorithm;  // a constant
  std::variant<MlDsaPrivateKey, ClassicalKey> key;
  Bytes public_key;
};

SigningKey::SigningKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::create(std::string_view algorithm, const SecretBytes& material) {
  const std::string_view name = signing_algorithm(algorithm);
  if (const auto classical = classical_of(name)) {
    TRY_ASSIGN(auto key, classical_key(*classical, material));
    Bytes encoded = classical_encoded(*classical, key.get());
    return SigningKey(std::make_unique<Impl>(
        Impl{name, ClassicalKey{*classical, std::move(key)}, std::move(encoded)}));
  }
  TRY_ASSIGN(const MlDsa set, parse_ml_dsa(name));
  TRY_ASSIGN(MlDsaPrivateKey key, MlDsaPrivateKey::create(set, material));
  Bytes encoded = key.public_key();
  return SigningKey(std::make_unique<Impl>(Impl{name, std::move(key), std::move(encoded)}));
}

Result<Bytes> SigningKey::sign(ByteView message, std::string_view context) const {
  if (const auto* key = std::get_if<MlDsaPrivateKey>(&impl_->key))
    return key->sign(message, context);
  if (!context.empty())
    return fail(Code::kInvalidArgument, "A classical signature has no context.");
  const auto& classical = std::get<ClassicalKey>(impl_->key);
  return classical_sign(classical.algorithm, classical.key.get(), message);
}

bool SigningKey::verify(ByteView message, std::string_view context, ByteView signature) const {
  return verify_signature(impl_->algorithm, impl_->public_key, message, context, signature);
}

const Bytes& SigningKey::public_key() const { return impl_->public_key; }

std::string_view SigningKey::algorithm() const { return impl_->algorithm; }

const MlDsaPrivateKey& SigningKey::ml_dsa() const {
  const auto* key = std::get_if<MlDsaPrivateKey>(&impl_->key);
  require(key != nullptr, "a classical key was taken for an ML-DSA key");
  return *key;
}

bool verify_signature(std::string_view algorithm, ByteView public_key, ByteView message,
                      std::string_view context, ByteView signature) {
  if (const auto classical = classical_of(algorithm)) {
    if (!context.empty()) return false;
    const auto key = classical_public_key(*classical, public_key);
    return key && classical_verify(*classical, key.get(), message, signature);
  }
  const auto set = parse_ml_dsa(algorithm);
  return set && ml_dsa_verify(*set, public_key, message, context, signature);
}

}  // namespace quantumapi::crypto
