// Hex, table-driven base64, base62 and CRC-32. What takes secrets by base64 is
// in encoding_secret.cc, the check of UTF-8 in utf8.cc.
#include "base/encoding.h"

#include <array>

#include "base/base64_wide.h"
#include "base/hex_digit.h"

namespace quantumapi::base {
namespace {

constexpr char kStandardAlphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrlAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kInvalid = 0xff;

// PairTable gives the two characters of 12 bits at once: half the look-ups.
struct PairTable {
  std::array<char, std::size_t{4096} * 2> pairs{};

  consteval explicit PairTable(const char* alphabet) {
    for (std::size_t i = 0; i < 4096; ++i) {
      pairs[2 * i] = alphabet[i >> 6];
      pairs[2 * i + 1] = alphabet[i & 63];
    }
  }
};

struct ValueTable {
  std::array<std::uint8_t, 256> values{};

  consteval explicit ValueTable(const char* alphabet) {
    values.fill(kInvalid);
    for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<std::uint8_t>(alphabet[i])] = i;
  }
};

constexpr PairTable kStandardPairs(kStandardAlphabet);
constexpr PairTable kUrlPairs(kUrlAlphabet);
constexpr ValueTable kStandardValues(kStandardAlphabet);
constexpr ValueTable kUrlValues(kUrlAlphabet);

// encode_tail writes the characters of the last one or two octets.
char* encode_tail(ByteView tail, const char* alphabet, Base64 form, char* out) {
  const unsigned first = tail[0];
  const unsigned second = tail.size() == 2 ? tail[1] : 0;
  *out++ = alphabet[first >> 2];
  *out++ = alphabet[(first << 4 | second >> 4) & 63];
  if (tail.size() == 2) *out++ = alphabet[second << 2 & 63];
  if (form == Base64::kUrl) return out;
  if (tail.size() == 1) *out++ = '=';
  *out++ = '=';
  return out;
}

std::unexpected<Error> not_base64() { return fail(Code::kInvalidArgument, "not valid base64"); }

// decode_tail reads two or three characters; the bits they have over must be
// zero.
bool decode_tail(const std::uint8_t* in, std::size_t size, const ValueTable& table,
                 std::uint8_t* out) {
  const unsigned a = table.values[in[0]];
  const unsigned b = table.values[in[1]];
  const unsigned c = size == 3 ? table.values[in[2]] : 0;
  if ((a | b | c) > 63) return false;
  out[0] = static_cast<std::uint8_t>(a << 2 | b >> 4);
  if (size == 2) return (b & 15) == 0;
  out[1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
  return (c & 3) == 0;
}

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t remainder = i;
    for (int bit = 0; bit < 8; ++bit)
      remainder = (remainder >> 1) ^ (0xEDB88320U & (0U - (remainder & 1U)));
    table[i] = remainder;
  }
  return table;
}();

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string text(bytes.size() * 2, '\0');
  char* out = text.data();
  for (const std::uint8_t octet : bytes) {
    *out++ = kHexDigits[octet >> 4];
    *out++ = kHexDigits[octet & 15];
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return fail(Code::kInvalidArgument, "hexadecimal text has an even number of digits");
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if ((high | low) < 0) return fail(Code::kInvalidArgument, "not a hexadecimal digit");
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return bytes;
}

void base64_encode_to(ByteView bytes, Base64 form, char* out) noexcept {
  const bool standard = form == Base64::kStandard;
  const char* const pairs = (standard ? kStandardPairs : kUrlPairs).pairs.data();
  const std::size_t taken = base64_encode_wide(bytes, form, out);
  const std::uint8_t* in = bytes.data() + taken;
  std::size_t left = bytes.size() - taken;
  out += taken / 3 * 4;
  for (; left >= 3; left -= 3, in += 3, out += 4) {
    const std::size_t group = std::size_t{in[0]} << 16 | std::size_t{in[1]} << 8 | in[2];
    std::memcpy(out, pairs + 2 * (group >> 12), 2);
    std::memcpy(out + 2, pairs + 2 * (group & 4095), 2);
  }
  if (left > 0) encode_tail({in, left}, standard ? kStandardAlphabet : kUrlAlphabet, form, out);
}

std::string base64_encode(ByteView bytes, Base64 form) {
  std::string text(base64_size(bytes.size(), form), '\0');
  base64_encode_to(bytes, form, text.data());
  return text;
}

Result<Bytes> base64_decode(std::string_view text, Base64 form) {
  const bool standard = form == Base64::kStandard;
  const ValueTable& table = standard ? kStandardValues : kUrlValues;
  if (standard) {
    if (text.size() % 4 != 0) return not_base64();
    // Any further '=' is no character of the alphabet and fails below.
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  const std::size_t tail = text.size() % 4;
  if (tail == 1) return not_base64();
  Bytes bytes(text.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1));
  const auto* in = reinterpret_cast<const std::uint8_t*>(text.data());
  std::uint8_t* out = bytes.data();
  unsigned seen = 0;
  for (std::size_t left = text.size() / 4; left > 0; --left, in += 4, out += 3) {
    const unsigned a = table.values[in[0]];
    const unsigned b = table.values[in[1]];
    const unsigned c = table.values[in[2]];
    const unsigned d = table.values[in[3]];
    seen |= a | b | c | d;
    out[0] = static_cast<std::uint8_t>(a << 2 | b >> 4);
    out[1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
    out[2] = static_cast<std::uint8_t>(c << 6 | d);
  }
  if (seen > 63 || (tail != 0 && !decode_tail(in, tail, table, out))) return not_base64();
  return bytes;
}

std::uint32_t crc32(ByteView bytes) noexcept {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::uint8_t octet : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ octet) & 0xFF];
  return ~crc;
}

}  // namespace quantumapi::base
