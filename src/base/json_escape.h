// How text becomes a JSON string: one way for answers, log lines and audit
// records, and so the canonical one.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/encoding.h"
#include "base/hex_digit.h"

namespace quantumapi::base::json::detail {

// plain_prefix counts the leading characters that stand for themselves: ASCII
// but control characters, '"' and '\'. It looks at eight at a time.
inline std::size_t plain_prefix(std::string_view text) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHigh = 0x8080808080808080U;
  // For octets below 0x80 the high bit of `x - n` is set where x < n; borrows
  // only ever spoil octets above a hit, so "no hit at all" is exact.
  const auto below = [](std::uint64_t x, std::uint64_t n) { return (x - kOnes * n) & kHigh; };
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t hits = (word & kHigh) | below(word, 0x20) | below(word ^ (kOnes * '"'), 1) |
                               below(word ^ (kOnes * '\\'), 1);
    if (hits != 0) break;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return at;
}

// append_escape writes one character that must be escaped, as RFC 8785 section
// 3.2.2.2 does: the short forms of RFC 8259 where there is one, lower-case
// \u00xx else.
template <typename String>
void append_escape(String& out, unsigned char c) {
  const auto pair = [&](char letter) {
    out += '\\';
    out += letter;
  };
  switch (c) {
    case '"':
      return pair('"');
    case '\\':
      return pair('\\');
    case '\b':
      return pair('b');
    case '\t':
      return pair('t');
    case '\n':
      return pair('n');
    case '\f':
      return pair('f');
    case '\r':
      return pair('r');
    default:
      out += "\\u00";
      out += kHexDigits[c >> 4];
      out += kHexDigits[c & 15];
  }
}

// append_string appends `text` in quotes. Text that is not UTF-8 never makes a
// broken document: each of its octets above 0x7f is written as U+FFFD.
template <typename String>
void append_string(String& out, std::string_view text) {
  out += '"';
  std::size_t plain = plain_prefix(text);
  out.append(text.data(), plain);
  text.remove_prefix(plain);
  if (!text.empty()) {
    const bool utf8 = is_utf8(text);
    for (const char character : text) {
      const auto c = static_cast<unsigned char>(character);
      if (c >= 0x80 && !utf8)
        out += "\xEF\xBF\xBD";
      else if (c < 0x20 || c == '"' || c == '\\')
        append_escape(out, c);
      else
        out += character;
    }
  }
  out += '"';
}

}  // namespace quantumapi::base::json::detail
