// How text becomes a JSON string: one way for answers, log lines and audit
// records, and so the canonical one.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/encoding.h"
#include "base/hex_digit.h"

namespace quantumapi::base::json::detail {

// stands_for_itself: ASCII but control characters, '"' and '\'.
inline bool stands_for_itself(char character) noexcept {
  const auto c = static_cast<unsigned char>(character);
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

// plain_prefix counts the leading characters that stand for themselves, 64 at a
// time in the vectors that GCC and clang have for every processor.
inline std::size_t plain_prefix(std::string_view text) noexcept {
  using Octets = signed char __attribute__((vector_size(16)));
  constexpr std::size_t kStride = 4 * sizeof(Octets);
  std::size_t at = 0;
  for (; text.size() - at >= kStride; at += kStride) {
    Octets special{};
    for (std::size_t i = 0; i < kStride; i += sizeof(Octets)) {
      Octets octets;
      std::memcpy(&octets, text.data() + at + i, sizeof(Octets));
      special |= (octets < 0x20) | (octets == '"') | (octets == '\\');  // signed: >= 0x80 is < 0
    }
    std::uint64_t halves[2];
    std::memcpy(halves, &special, sizeof(Octets));
    if ((halves[0] | halves[1]) != 0) break;
  }
  while (at < text.size() && stands_for_itself(text[at])) ++at;
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
// broken document: each of its octets above 0x7f is written as U+FFFD, and the
// result is false.
template <typename String>
bool append_string(String& out, std::string_view text) {
  out += '"';
  std::optional<bool> utf8;  // of what follows the first octet above 0x7f
  while (!text.empty()) {
    const std::size_t plain = plain_prefix(text);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text.front());
    if (c < 0x80) {
      append_escape(out, c);
      text.remove_prefix(1);
      continue;
    }
    if (!utf8) utf8 = is_utf8(text);
    for (; !text.empty() && static_cast<unsigned char>(text.front()) >= 0x80; text.remove_prefix(1))
      *utf8 ? out += text.front() : out += "\xEF\xBF\xBD";
  }
  out += '"';
  return utf8.value_or(true);
}

}  // namespace quantumapi::base::json::detail
