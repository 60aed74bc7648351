// The value of a hexadecimal digit, for the parsers of hex and UUIDs.
#pragma once

namespace quantumapi::base {

inline constexpr char kHexDigits[] = "0123456789abcdef";

// hex_value is 0-15, or -1 for a character that is no hexadecimal digit. For
// public text only.
constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace quantumapi::base
