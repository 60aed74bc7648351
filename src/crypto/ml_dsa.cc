#include "crypto/ml_dsa.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/ml_dsa_nid.h"
#include "crypto/require.h"

namespace quantumapi::crypto {
namespace {

constexpr std::size_t kMaxContextSize = 255;  // FIPS 204 section 5.2

std::unexpected<Error> fail_cleared(Code code, std::string message) {
  ERR_clear_error();
  return fail(code, std::move(message));
}

// set_context gives the operation its context string; an empty one is the default.
bool set_context(EVP_PKEY_CTX* operation, std::string_view context) {
  return context.empty() || EVP_PKEY_CTX_set1_signature_context_string(
                                operation, as_bytes(context).data(), context.size()) == 1;
}

}  // namespace

int nid_of(MlDsa parameter_set) {
  switch (parameter_set) {
    case MlDsa::k44:
      return NID_MLDSA44;
    case MlDsa::k65:
      return NID_MLDSA65;
    case MlDsa::k87:
      return NID_MLDSA87;
  }
  return NID_undef;
}

std::string_view to_string(MlDsa parameter_set) {
  switch (parameter_set) {
    case MlDsa::k44:
      return "ML-DSA-44";
    case MlDsa::k65:
      return "ML-DSA-65";
    case MlDsa::k87:
      return "ML-DSA-87";
  }
  return "";
}

Result<MlDsa> parse_ml_dsa(std::string_view name) {
  for (MlDsa set : {MlDsa::k44, MlDsa::k65, MlDsa::k87})
    if (to_string(set) == name) return set;
  return fail(Code::kInvalidArgument, "The algorithm must be ML-DSA-44, ML-DSA-65 or ML-DSA-87.");
}

struct MlDsaPrivateKey::Impl {
  MlDsa set;
  bssl::UniquePtr<EVP_PKEY> key;
};

MlDsaPrivateKey::MlDsaPrivateKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MlDsaPrivateKey::MlDsaPrivateKey(MlDsaPrivateKey&&) noexcept = default;
MlDsaPrivateKey& MlDsaPrivateKey::operator=(MlDsaPrivateKey&&) noexcept = default;
MlDsaPrivateKey::~MlDsaPrivateKey() = default;

Result<MlDsaPrivateKey> MlDsaPrivateKey::create(MlDsa parameter_set, const SecretBytes& seed) {
  // AWS-LC tells a seed from an expanded key by its length: only the seed is ours.
  if (seed.size() != kMlDsaSeedSize)
    return fail(Code::kInvalidArgument, "An ML-DSA seed must be 32 octets.");
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_pqdsa_new_raw_private_key(
      nid_of(parameter_set), seed.reveal(SecretAccess{}).data(), seed.size()));
  if (!key) return fail_cleared(Code::kInternal, "The ML-DSA key could not be made from its seed.");
  return MlDsaPrivateKey(std::make_unique<Impl>(Impl{parameter_set, std::move(key)}));
}

Result<Bytes> MlDsaPrivateKey::sign(ByteView message, std::string_view context) const {
  if (context.size() > kMaxContextSize)
    return fail(Code::kInvalidArgument, "An ML-DSA context may have at most 255 octets.");
  bssl::ScopedEVP_MD_CTX operation;
  EVP_PKEY_CTX* parameters = nullptr;  // owned by `operation`
  Bytes signature(signature_size(impl_->set));
  std::size_t length = signature.size();
  if (EVP_DigestSignInit(operation.get(), &parameters, nullptr, nullptr, impl_->key.get()) != 1 ||
      !set_context(parameters, context) ||
      EVP_DigestSign(operation.get(), signature.data(), &length, message.data(), message.size()) !=
          1 ||
      length != signature.size())
    return fail_cleared(Code::kInternal, "ML-DSA could not sign.");
  return signature;
}

SecretBytes MlDsaPrivateKey::expanded() const {
  std::size_t size = 0;
  require(EVP_PKEY_get_raw_private_key(impl_->key.get(), nullptr, &size) == 1,
          "an ML-DSA private key could not be encoded");
  SecretBytes key(size);
  require(EVP_PKEY_get_raw_private_key(impl_->key.get(), key.reveal_mutable(SecretAccess{}).data(),
                                       &size) == 1 &&
              size == key.size(),
          "an ML-DSA private key could not be encoded");
  return key;
}

Bytes MlDsaPrivateKey::public_key() const {
  Bytes encoded(public_key_size(impl_->set));
  std::size_t length = encoded.size();
  require(EVP_PKEY_get_raw_public_key(impl_->key.get(), encoded.data(), &length) == 1 &&
              length == encoded.size(),
          "an ML-DSA public key could not be encoded");
  return encoded;
}

MlDsa MlDsaPrivateKey::parameter_set() const { return impl_->set; }

bool ml_dsa_verify(MlDsa parameter_set, ByteView public_key, ByteView message,
                   std::string_view context, ByteView signature) {
  if (public_key.size() != public_key_size(parameter_set) ||
      signature.size() != signature_size(parameter_set) || context.size() > kMaxContextSize)
    return false;
  const bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_pqdsa_new_raw_public_key(
      nid_of(parameter_set), public_key.data(), public_key.size()));
  bssl::ScopedEVP_MD_CTX operation;
  EVP_PKEY_CTX* parameters = nullptr;  // owned by `operation`
  const bool valid =
      key && EVP_DigestVerifyInit(operation.get(), &parameters, nullptr, nullptr, key.get()) == 1 &&
      set_context(parameters, context) &&
      EVP_DigestVerify(operation.get(), signature.data(), signature.size(), message.data(),
                       message.size()) == 1;
  if (!valid) ERR_clear_error();
  return valid;
}

}  // namespace quantumapi::crypto
