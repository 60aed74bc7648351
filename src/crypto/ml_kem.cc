#include "crypto/ml_kem.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/experimental/kem_deterministic_api.h>

#include "crypto/require.h"

namespace quantumapi::crypto {
namespace {

using Key = bssl::UniquePtr<EVP_PKEY>;
using KeyContext = bssl::UniquePtr<EVP_PKEY_CTX>;

int nid_of(MlKem parameter_set) {
  switch (parameter_set) {
    case MlKem::k512:
      return NID_MLKEM512;
    case MlKem::k768:
      return NID_MLKEM768;
    case MlKem::k1024:
      return NID_MLKEM1024;
  }
  return NID_undef;
}

std::unexpected<Error> fail_cleared(Code code, std::string message) {
  ERR_clear_error();
  return fail(code, std::move(message));
}

// A context costs 0.1 us beside some 10 us of lattice work, and is not
// documented as safe to share between threads: so one for each call.
Status encapsulate(MlKem set, EVP_PKEY* key, MutableBytes ciphertext, MutableBytes shared_secret) {
  if (ciphertext.size() != ciphertext_size(set) || shared_secret.size() != kSharedSecretSize)
    return fail(Code::kInternal, "The room for an encapsulation is not its size.");
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  std::size_t ciphertext_length = ciphertext.size();
  std::size_t secret_length = shared_secret.size();
  if (!context || EVP_PKEY_encapsulate(context.get(), ciphertext.data(), &ciphertext_length,
                                       shared_secret.data(), &secret_length) != 1)
    return fail_cleared(Code::kInternal, "ML-KEM could not encapsulate.");
  return {};
}

Bytes encoded_public_key(MlKem set, const EVP_PKEY* key) {
  Bytes encoded(public_key_size(set));
  std::size_t length = encoded.size();
  require(
      EVP_PKEY_get_raw_public_key(key, encoded.data(), &length) == 1 && length == encoded.size(),
      "an ML-KEM public key could not be encoded");
  return encoded;
}

}  // namespace

std::string_view to_string(MlKem parameter_set) {
  switch (parameter_set) {
    case MlKem::k512:
      return "ML-KEM-512";
    case MlKem::k768:
      return "ML-KEM-768";
    case MlKem::k1024:
      return "ML-KEM-1024";
  }
  return "";
}

Result<MlKem> parse_ml_kem(std::string_view name) {
  for (MlKem set : {MlKem::k512, MlKem::k768, MlKem::k1024})
    if (to_string(set) == name) return set;
  return fail(Code::kInvalidArgument,
              "The algorithm must be ML-KEM-512, ML-KEM-768 or ML-KEM-1024.");
}

struct MlKemPublicKey::Impl {
  MlKem set;
  Key key;
};

MlKemPublicKey::MlKemPublicKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MlKemPublicKey::MlKemPublicKey(MlKemPublicKey&&) noexcept = default;
MlKemPublicKey& MlKemPublicKey::operator=(MlKemPublicKey&&) noexcept = default;
MlKemPublicKey::~MlKemPublicKey() = default;

Result<MlKemPublicKey> MlKemPublicKey::create(MlKem parameter_set, ByteView encoded) {
  if (encoded.size() != public_key_size(parameter_set))
    return fail(Code::kInvalidArgument, "The ML-KEM public key has the wrong length.");
  Key key(EVP_PKEY_kem_new_raw_public_key(nid_of(parameter_set), encoded.data(), encoded.size()));
  const KeyContext context(key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr);
  if (!context || EVP_PKEY_public_check(context.get()) != 1)
    return fail_cleared(Code::kInvalidArgument, "The ML-KEM public key is not valid.");
  return MlKemPublicKey(std::make_unique<Impl>(Impl{parameter_set, std::move(key)}));
}

Status MlKemPublicKey::encapsulate_to(MutableBytes ciphertext, MutableBytes shared_secret) const {
  return encapsulate(impl_->set, impl_->key.get(), ciphertext, shared_secret);
}

Bytes MlKemPublicKey::encoded() const { return encoded_public_key(impl_->set, impl_->key.get()); }

MlKem MlKemPublicKey::parameter_set() const { return impl_->set; }

struct MlKemPrivateKey::Impl {
  MlKem set;
  Key key;
};

MlKemPrivateKey::MlKemPrivateKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MlKemPrivateKey::MlKemPrivateKey(MlKemPrivateKey&&) noexcept = default;
MlKemPrivateKey& MlKemPrivateKey::operator=(MlKemPrivateKey&&) noexcept = default;
MlKemPrivateKey::~MlKemPrivateKey() = default;

Result<MlKemPrivateKey> MlKemPrivateKey::create(MlKem parameter_set, const SecretBytes& seed) {
  if (seed.size() != kMlKemSeedSize)
    return fail(Code::kInvalidArgument, "An ML-KEM seed must be 64 octets.");
  const KeyContext context(EVP_PKEY_CTX_new_id(EVP_PKEY_KEM, nullptr));
  EVP_PKEY* made = nullptr;
  std::size_t size = seed.size();
  if (!context || EVP_PKEY_CTX_kem_set_params(context.get(), nid_of(parameter_set)) != 1 ||
      EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_keygen_deterministic(context.get(), &made, seed.reveal(SecretAccess{}).data(),
                                    &size) != 1)
    return fail_cleared(Code::kInternal, "The ML-KEM key could not be made from its seed.");
  return MlKemPrivateKey(std::make_unique<Impl>(Impl{parameter_set, Key(made)}));
}

Status MlKemPrivateKey::decapsulate_to(ByteView ciphertext, MutableBytes shared_secret) const {
  if (ciphertext.size() != ciphertext_size(impl_->set))
    return fail(Code::kInvalidArgument, "The ML-KEM ciphertext has the wrong length.");
  if (shared_secret.size() != kSharedSecretSize)
    return fail(Code::kInternal, "The room for a shared secret is not its size.");
  const KeyContext context(EVP_PKEY_CTX_new(impl_->key.get(), nullptr));
  std::size_t length = shared_secret.size();
  if (!context || EVP_PKEY_decapsulate(context.get(), shared_secret.data(), &length,
                                       ciphertext.data(), ciphertext.size()) != 1)
    return fail_cleared(Code::kInternal, "ML-KEM could not decapsulate.");
  return {};
}

Status MlKemPrivateKey::encapsulate_to(MutableBytes ciphertext, MutableBytes shared_secret) const {
  return encapsulate(impl_->set, impl_->key.get(), ciphertext, shared_secret);
}

SecretBytes MlKemPrivateKey::expanded() const {
  std::size_t size = 0;
  require(EVP_PKEY_get_raw_private_key(impl_->key.get(), nullptr, &size) == 1,
          "an ML-KEM private key could not be encoded");
  SecretBytes key(size);
  require(EVP_PKEY_get_raw_private_key(impl_->key.get(), key.reveal_mutable(SecretAccess{}).data(),
                                       &size) == 1 &&
              size == key.size(),
          "an ML-KEM private key could not be encoded");
  return key;
}

Bytes MlKemPrivateKey::public_key() const {
  return encoded_public_key(impl_->set, impl_->key.get());
}

MlKem MlKemPrivateKey::parameter_set() const { return impl_->set; }

}  // namespace quantumapi::crypto
