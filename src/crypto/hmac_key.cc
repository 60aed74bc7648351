#include "crypto/hmac_key.h"

#include <openssl/digest.h>
#include <openssl/hmac.h>

#include <array>
#include <utility>

#include "crypto/require.h"

namespace quantumapi::crypto {
namespace {

constexpr std::array kHashes{HmacHash::kSha3_256, HmacHash::kSha256, HmacHash::kSha384,
                             HmacHash::kSha512};

const EVP_MD* digest_of(HmacHash hash) {
  switch (hash) {
    case HmacHash::kSha3_256:
      return EVP_sha3_256();
    case HmacHash::kSha256:
      return EVP_sha256();
    case HmacHash::kSha384:
      return EVP_sha384();
    case HmacHash::kSha512:
      return EVP_sha512();
  }
  return nullptr;
}

void begin(HMAC_CTX* context, HmacHash hash, const SecretBytes& key) {
  const ByteView octets = key.reveal(SecretAccess{});
  require(!octets.empty() &&
              HMAC_Init_ex(context, octets.data(), octets.size(), digest_of(hash), nullptr) == 1,
          "HMAC failed");
}

Bytes finish(HMAC_CTX* context, HmacHash hash, std::initializer_list<ByteView> parts) {
  bool done = true;
  for (const ByteView part : parts)
    done = done && HMAC_Update(context, part.data(), part.size()) == 1;
  Bytes mac(mac_size(hash));
  unsigned size = 0;
  done = done && HMAC_Final(context, mac.data(), &size) == 1;
  require(done && size == mac.size(), "HMAC failed");
  return mac;
}

}  // namespace

std::string_view to_string(HmacHash hash) {
  switch (hash) {
    case HmacHash::kSha3_256:
      return "HMAC-SHA3-256";
    case HmacHash::kSha256:
      return "HMAC-SHA256";
    case HmacHash::kSha384:
      return "HMAC-SHA384";
    case HmacHash::kSha512:
      return "HMAC-SHA512";
  }
  return "";
}

Result<HmacHash> parse_hmac(std::string_view name) {
  for (const HmacHash hash : kHashes)
    if (to_string(hash) == name) return hash;
  return fail(Code::kInvalidArgument,
              "The algorithm must be HMAC-SHA3-256, HMAC-SHA256, HMAC-SHA384 or HMAC-SHA512.");
}

struct HmacKey::Impl {
  HmacHash hash;
  SecretBytes key;
  bssl::ScopedHMAC_CTX keyed;
};

HmacKey::HmacKey(HmacHash hash, SecretBytes key) : impl_(std::make_unique<Impl>()) {
  impl_->hash = hash;
  impl_->key = std::move(key);
  begin(impl_->keyed.get(), hash, impl_->key);
}

HmacKey::HmacKey(HmacKey&&) noexcept = default;
HmacKey& HmacKey::operator=(HmacKey&&) noexcept = default;
HmacKey::~HmacKey() = default;

Bytes HmacKey::mac(std::initializer_list<ByteView> parts) const {
  bssl::ScopedHMAC_CTX context;
  require(HMAC_CTX_copy_ex(context.get(), impl_->keyed.get()) == 1, "HMAC failed");
  return finish(context.get(), impl_->hash, parts);
}

Bytes HmacKey::mac_with(HmacHash hash, std::initializer_list<ByteView> parts) const {
  if (hash == impl_->hash) return mac(parts);
  bssl::ScopedHMAC_CTX context;
  begin(context.get(), hash, impl_->key);
  return finish(context.get(), hash, parts);
}

bool HmacKey::verify(std::initializer_list<ByteView> parts, ByteView mac) const {
  return equal_constant_time(this->mac(parts), mac);
}

HmacHash HmacKey::hash() const { return impl_->hash; }

}  // namespace quantumapi::crypto
