// Text forms of octets: hex, base64, base64url, base62.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::base {

// to_hex gives two lower-case digits an octet; from_hex accepts either case.
std::string to_hex(ByteView bytes);
Result<Bytes> from_hex(std::string_view text);

// Alphabet of base64 (RFC 4648): standard has "+/" and padding, url has "-_"
// and none.
enum class Base64 : std::uint8_t { kStandard, kUrl };

// base64_size is the exact length of the encoding of n octets.
constexpr std::size_t base64_size(std::size_t n, Base64 form) {
  return form == Base64::kStandard ? (n + 2) / 3 * 4 : (n * 4 + 2) / 3;
}

// base64_encode_to writes base64_size octets at `out` by table look-up: fast,
// and so only for ciphertext and other public octets.
void base64_encode_to(ByteView bytes, Base64 form, char* out) noexcept;
std::string base64_encode(ByteView bytes, Base64 form);

// base64_decode is strict: right alphabet, right padding (kUrl: none), unused
// bits zero, no white space. Table look-up: for public octets only.
Result<Bytes> base64_decode(std::string_view text, Base64 form);

// base64_encode_secret and base64_decode_secret take time that depends on the
// length alone (no table is indexed by secret octets), and keep the result in
// memory that is wiped.
SecretBytes base64_encode_secret(ByteView bytes, Base64 form);
Result<SecretBytes> base64_decode_secret(std::string_view text, Base64 form);

// base62_encode writes `digits` characters of [0-9A-Za-z], most significant
// first, of the big-endian number `bytes` modulo 62^digits.
std::string base62_encode(ByteView bytes, std::size_t digits);

// is_utf8 is true for well-formed UTF-8 (no surrogates, no overlong forms; RFC
// 3629).
bool is_utf8(std::string_view text) noexcept;
// count_characters counts the code points of well-formed UTF-8.
std::size_t count_characters(std::string_view text) noexcept;
// has_control is true when a character of C0 or C1, or DEL, is in the text.
bool has_control(std::string_view text) noexcept;

// crc32 is the CRC of ISO 3309 (the one of zip): for checksums, never for
// integrity against an attacker.
std::uint32_t crc32(ByteView bytes) noexcept;

}  // namespace quantumapi::base
