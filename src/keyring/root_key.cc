#include "keyring/root_key.h"

#include <array>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "keyring/locked.h"
#include "keyring/octets.h"

namespace quantumapi::keyring {
namespace {

constexpr std::size_t kRootSize = 32;
constexpr std::size_t kSaltSize = 32;
constexpr std::uint8_t kWrapVersion = 1;
constexpr std::string_view kWrapLabel = "quantumapi/wrap/v1";
constexpr std::size_t kWrapHead = 1 + 16 + kSaltSize;
constexpr std::size_t kWrapOverhead = kWrapHead + crypto::kAeadNonceSize + crypto::kAeadTagSize;

// label || purpose (1) || tenant (16) || object (16) || version (4), then the wrap's first 17
// octets.
Bytes associated_data(const WrapContext& context, ByteView head) {
  Bytes out;
  base::append(out, as_bytes(kWrapLabel));
  out.push_back(static_cast<std::uint8_t>(context.purpose));
  base::append(out, context.tenant.bytes());
  base::append(out, context.object.bytes());
  put_number(out, context.version);
  base::append(out, head);
  return out;
}

}  // namespace

struct RootKey::Impl {
  RootKeyId id;
  SecretBytes key;

  [[nodiscard]] SecretBytes wrapping_key(ByteView salt) const {
    const SecretBytes prk = crypto::hkdf_extract(salt, key.reveal(SecretAccess{}));
    return crypto::hkdf_expand(prk.reveal(SecretAccess{}), {as_bytes(kWrapLabel)},
                               crypto::kAeadKeySize);
  }
};

RootKey::RootKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RootKey::RootKey(RootKey&&) noexcept = default;
RootKey& RootKey::operator=(RootKey&&) noexcept = default;
RootKey::~RootKey() = default;

Result<RootKey> RootKey::create(RootKeyId id, SecretBytes key) {
  if (key.size() != kRootSize) return fail(Code::kInvalidArgument, "a root key has 32 octets");
  auto impl = std::make_unique<Impl>(Impl{id, std::move(key)});
  lock_memory(impl->key);
  return RootKey(std::move(impl));
}

RootKeyId RootKey::id() const { return impl_->id; }

Result<Bytes> RootKey::wrap(const WrapContext& context, const SecretBytes& key) const {
  Bytes out(key.size() + kWrapOverhead);
  out[0] = kWrapVersion;
  std::copy_n(impl_->id.bytes().begin(), 16, out.begin() + 1);
  const MutableBytes salt = MutableBytes(out).subspan(17, kSaltSize);
  crypto::Nonce nonce;
  crypto::fill_random(salt);
  crypto::fill_random(nonce);
  std::copy_n(nonce.begin(), nonce.size(), out.begin() + kWrapHead);
  const SecretBytes wrapping = impl_->wrapping_key(salt);
  TRY(crypto::aead_seal_to(wrapping.reveal(SecretAccess{}), nonce, key.reveal(SecretAccess{}),
                           associated_data(context, ByteView(out).first(17)),
                           MutableBytes(out).subspan(kWrapHead + nonce.size())));
  return out;
}

Result<SecretBytes> RootKey::unwrap(const WrapContext& context, ByteView wrapped) const {
  if (wrapped.size() < kWrapOverhead || wrapped[0] != kWrapVersion)
    return fail(Code::kDataLoss, "a wrapped key is cut or of an unknown version");
  TRY_ASSIGN(const RootKeyId by, RootKeyId::from_bytes(wrapped.subspan(1, 16)));
  if (by != impl_->id)
    return fail(Code::kDataLoss, "a key was wrapped by root key " + by.to_string() +
                                     ", but the root key here is " + impl_->id.to_string());
  crypto::Nonce nonce;
  std::copy_n(wrapped.begin() + kWrapHead, nonce.size(), nonce.begin());
  const SecretBytes wrapping = impl_->wrapping_key(wrapped.subspan(17, kSaltSize));
  SecretBytes key(wrapped.size() - kWrapOverhead);
  const Status opened = crypto::aead_open_to(
      wrapping.reveal(SecretAccess{}), nonce, wrapped.subspan(kWrapHead + nonce.size()),
      associated_data(context, wrapped.first(17)), key.reveal_mutable(SecretAccess{}));
  if (!opened) return fail(Code::kDataLoss, "a wrapped key does not verify for its place");
  lock_memory(key);
  return key;
}

SecretBytes RootKey::derive(std::string_view label) const {
  const SecretBytes prk =
      crypto::hkdf_extract(as_bytes("quantumapi/root/v1"), impl_->key.reveal(SecretAccess{}));
  return crypto::hkdf_expand(prk.reveal(SecretAccess{}), {as_bytes(label)}, kRootSize);
}

}  // namespace quantumapi::keyring
