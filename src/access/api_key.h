// API keys: "qapi_" and 64 base62 characters: id 15, secret 43, checksum 6.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/entropy.h"

namespace quantumapi::access {

inline constexpr std::size_t kApiKeySize = 69;

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

}  // namespace quantumapi::access
