// size_in_json: how much of a request a text takes.
#pragma once

#include <cstddef>
#include <string_view>

namespace quantumapi::sdk {

// kLargestBody is what the platform takes as the content of a request, octets.
constexpr std::size_t kLargestBody = std::size_t{2} * 1024 * 1024;

// size_in_json is what a text takes there, without its quotes: control characters, quotes and
// backslashes take more than their own octet (RFC 8785 section 3.2.2.2).
inline std::size_t size_in_json(std::string_view text) {
  std::size_t size = text.size();
  for (const char c : text) {
    if (c == '"' || c == '\\' || (c >= '\b' && c <= '\r' && c != '\v'))
      size += 1;  // "\n"
    else if (static_cast<unsigned char>(c) < ' ')
      size += 5;  // "\u0000"
  }
  return size;
}

}  // namespace quantumapi::sdk
