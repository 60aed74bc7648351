// ASCII character classes of RFC 9110 and comparisons that no locale changes.
#pragma once

#include <array>
#include <string_view>

namespace quantumapi::http {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

namespace detail {
consteval std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 128; ++i) {
    const char c = static_cast<char>(i);
    table[i] = is_digit(c) || is_alpha(c);
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
inline constexpr std::array<bool, 256> kTokenTable = token_table();
}  // namespace detail

// is_token_char: tchar of RFC 9110 section 5.6.2.
constexpr bool is_token_char(char c) noexcept {
  return detail::kTokenTable[static_cast<unsigned char>(c)];
}

// is_field_char: what a field value may hold: visible ASCII, SP, HTAB, obs-text.
constexpr bool is_field_char(char c) noexcept {
  const auto octet = static_cast<unsigned char>(c);
  return octet == '\t' || (octet >= 0x20 && octet != 0x7f);
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  return true;
}

// trim_space removes SP and HTAB at both ends (OWS).
constexpr std::string_view trim_space(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace quantumapi::http
