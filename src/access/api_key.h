// API keys: "qapi_" and 64 base62 characters: id 15, secret 43, checksum 6.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/entropy.h"

namespace quantumapi::access {

inline constexpr std::size_t kApiKeySize = 69;
inline constexpr std::string_view kApiKeyPrefix = "qapi_";
inline constexpr std::size_t kApiKeyIdSize = 15;

// ApiKeyText is a well-formed key as presented. `id` finds the row; the whole
// text is what the MAC is made of. The checksum (base62 of the CRC-32 of what
// stands before it) lets a scanner recognise a leaked key offline; it proves nothing.
struct ApiKeyText {
  std::string_view id;   // 15 characters
  std::string_view all;  // 69 characters
};

// parse_api_key refuses any other length, prefix, character or checksum.
Result<ApiKeyText> parse_api_key(std::string_view text);

// make_api_key draws a new key of 256 bits from the entropy pool.
Result<SecretBytes> make_api_key(crypto::EntropyPool& entropy);

// api_key_id is the row's id: the number that the 15 characters write in base62
// (below 2^90), in the free bits of a UUID of version 8 (RFC 9562 section 5.8):
// the upper 28 bits after 20 zero bits, version, 12 zero bits, variant, the
// lower 62. One to one, so that a request finds its row by the text alone and
// no second index or map is needed. `id` has passed parse_api_key.
ApiKeyId api_key_id(std::string_view id);

}  // namespace quantumapi::access
