// HmacKey: a MAC key of any of the hashes that HMAC keys of tenants have (RFC 2104).
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::crypto {

enum class HmacHash : std::uint8_t { kSha3_256, kSha256, kSha384, kSha512 };

constexpr std::size_t mac_size(HmacHash hash) {
  return hash == HmacHash::kSha384 ? 48 : hash == HmacHash::kSha512 ? 64 : 32;
}
std::string_view to_string(HmacHash hash);  // "HMAC-SHA3-256"
Result<HmacHash> parse_hmac(std::string_view name);

// HmacKey holds a key with its two padded blocks already absorbed: each MAC
// costs half of what it would from the key. Wiped at its end; safe from any thread.
class HmacKey {
 public:
  // HmacKey keeps `key`, which may not be empty, for mac_with.
  HmacKey(HmacHash hash, SecretBytes key);
  HmacKey(HmacKey&&) noexcept;
  HmacKey& operator=(HmacKey&&) noexcept;
  ~HmacKey();

  // mac gives mac_size octets over the concatenation of `parts`.
  [[nodiscard]] Bytes mac(std::initializer_list<ByteView> parts) const;
  // mac_with is mac under the same key with another hash, for callers that may choose it.
  [[nodiscard]] Bytes mac_with(HmacHash hash, std::initializer_list<ByteView> parts) const;
  // verify compares in constant time; a MAC cut short is no MAC.
  [[nodiscard]] bool verify(std::initializer_list<ByteView> parts, ByteView mac) const;
  [[nodiscard]] HmacHash hash() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::crypto
