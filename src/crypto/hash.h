// Hashes, MACs and key derivation (FIPS 180-4, FIPS 202, RFC 2104, RFC 5869).
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/secret_bytes.h"

namespace quantumapi::crypto {

using Digest = std::array<std::uint8_t, 32>;

// sha256 and sha3_256 hash the concatenation of `parts`.
Digest sha256(std::initializer_list<ByteView> parts);
Digest sha3_256(std::initializer_list<ByteView> parts);
inline Digest sha256(ByteView data) { return sha256({data}); }
inline Digest sha3_256(ByteView data) { return sha3_256({data}); }

// hmac_sha256 and hmac_sha3_256 authenticate the concatenation of `parts`.
Digest hmac_sha256(ByteView key, std::initializer_list<ByteView> parts);
Digest hmac_sha3_256(ByteView key, std::initializer_list<ByteView> parts);

// HmacSha3Key is an HMAC-SHA3-256 key with its two padded blocks already
// absorbed: each MAC costs half of what hmac_sha3_256 does. Wiped at its end;
// safe from any thread.
class HmacSha3Key {
 public:
  explicit HmacSha3Key(ByteView key);
  ~HmacSha3Key();
  HmacSha3Key(HmacSha3Key&&) noexcept;
  HmacSha3Key& operator=(HmacSha3Key&&) noexcept;

  // mac authenticates the concatenation of `parts`.
  [[nodiscard]] Digest mac(std::initializer_list<ByteView> parts) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// hkdf_extract is HKDF-Extract with SHA-256: a 32-byte pseudorandom key.
SecretBytes hkdf_extract(ByteView salt, ByteView input_key_material);
// hkdf_expand is HKDF-Expand with SHA-256 of the concatenated `info` parts. A
// length above 8160 is a defect of the caller and ends the process.
SecretBytes hkdf_expand(ByteView pseudorandom_key, std::initializer_list<ByteView> info,
                        std::size_t length);

}  // namespace quantumapi::crypto
