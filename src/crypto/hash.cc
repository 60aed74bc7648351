#include "crypto/hash.h"

#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>

#include "crypto/require.h"

namespace quantumapi::crypto {
namespace {

constexpr std::size_t kMaxExpandSize = 255 * sizeof(Digest);  // RFC 5869 section 2.3

void begin(HMAC_CTX* context, const EVP_MD* hash, ByteView key) {
  // HMAC_Init_ex takes a null key for "the key of last time"; an empty view may hold null.
  static constexpr std::uint8_t kEmpty = 0;
  const std::uint8_t* data = key.empty() ? &kEmpty : key.data();
  require(HMAC_Init_ex(context, data, key.size(), hash, nullptr) == 1, "HMAC failed");
}

Digest finish(HMAC_CTX* context, std::initializer_list<ByteView> parts) {
  bool done = true;
  for (ByteView part : parts) done = done && HMAC_Update(context, part.data(), part.size()) == 1;
  Digest mac;
  unsigned size = 0;
  done = done && HMAC_Final(context, mac.data(), &size) == 1;
  require(done && size == mac.size(), "HMAC failed");
  return mac;
}

Digest hmac(const EVP_MD* hash, ByteView key, std::initializer_list<ByteView> parts) {
  bssl::ScopedHMAC_CTX context;
  begin(context.get(), hash, key);
  return finish(context.get(), parts);
}

}  // namespace

Digest sha256(std::initializer_list<ByteView> parts) {
  SHA256_CTX context;
  SHA256_Init(&context);
  for (ByteView part : parts) SHA256_Update(&context, part.data(), part.size());
  Digest digest;
  SHA256_Final(digest.data(), &context);
  base::wipe(&context, sizeof(context));  // parts may be secret
  return digest;
}

Digest sha3_256(std::initializer_list<ByteView> parts) {
  bssl::ScopedEVP_MD_CTX context;
  bool done = EVP_DigestInit_ex(context.get(), EVP_sha3_256(), nullptr) == 1;
  for (ByteView part : parts)
    done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  Digest digest;
  unsigned size = 0;
  done = done && EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1;
  require(done && size == digest.size(), "SHA3-256 failed");
  return digest;
}

Digest hmac_sha256(ByteView key, std::initializer_list<ByteView> parts) {
  return hmac(EVP_sha256(), key, parts);
}

Digest hmac_sha3_256(ByteView key, std::initializer_list<ByteView> parts) {
  return hmac(EVP_sha3_256(), key, parts);
}

struct HmacSha3Key::State {
  bssl::ScopedHMAC_CTX keyed;
};

HmacSha3Key::HmacSha3Key(ByteView key) : state_(std::make_unique<State>()) {
  begin(state_->keyed.get(), EVP_sha3_256(), key);
}

HmacSha3Key::~HmacSha3Key() = default;
HmacSha3Key::HmacSha3Key(HmacSha3Key&&) noexcept = default;
HmacSha3Key& HmacSha3Key::operator=(HmacSha3Key&&) noexcept = default;

Digest HmacSha3Key::mac(std::initializer_list<ByteView> parts) const {
  bssl::ScopedHMAC_CTX context;
  require(HMAC_CTX_copy_ex(context.get(), state_->keyed.get()) == 1, "HMAC failed");
  return finish(context.get(), parts);
}

SecretBytes hkdf_extract(ByteView salt, ByteView input_key_material) {
  SecretBytes key(sizeof(Digest));
  std::size_t size = 0;
  const int done =
      HKDF_extract(key.reveal_mutable(SecretAccess{}).data(), &size, EVP_sha256(),
                   input_key_material.data(), input_key_material.size(), salt.data(), salt.size());
  require(done == 1 && size == key.size(), "HKDF-Extract failed");
  return key;
}

SecretBytes hkdf_expand(ByteView pseudorandom_key, std::initializer_list<ByteView> info,
                        std::size_t length) {
  require(length <= kMaxExpandSize, "HKDF-Expand was asked for more than 8160 octets");
  std::size_t total = 0;
  for (ByteView part : info) total += part.size();
  SecretBytes joined(total);
  auto at = joined.reveal_mutable(SecretAccess{}).begin();
  for (ByteView part : info) at = std::copy(part.begin(), part.end(), at);

  SecretBytes key(length);
  const int done = HKDF_expand(key.reveal_mutable(SecretAccess{}).data(), length, EVP_sha256(),
                               pseudorandom_key.data(), pseudorandom_key.size(),
                               joined.reveal(SecretAccess{}).data(), total);
  require(done == 1, "HKDF-Expand failed");
  return key;
}

}  // namespace quantumapi::crypto
