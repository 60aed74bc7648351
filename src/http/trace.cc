#include "http/trace.h"

#include <algorithm>

#include "base/hex_digit.h"

namespace quantumapi::http {
namespace {

constexpr std::size_t kTraceId = 3;
constexpr std::size_t kParentId = 36;
constexpr std::size_t kFlags = 53;

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// An id is lower-case hexadecimal and not all zero.
bool is_id(std::string_view text) {
  return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

bool is_traceparent(std::string_view text) noexcept {
  return text.size() == kTraceparentSize && text.starts_with("00-") && text[kParentId - 1] == '-' &&
         text[kFlags - 1] == '-' && is_id(text.substr(kTraceId, 32)) &&
         is_id(text.substr(kParentId, 16)) && is_lower_hex(text.substr(kFlags));
}

char* write_traceparent(std::string_view incoming, const RequestId& id, char* out) noexcept {
  out = std::ranges::copy(incoming.substr(0, kParentId), out).out;
  for (const std::uint8_t octet : id.bytes().subspan(8)) {
    *out++ = base::kHexDigits[octet >> 4];
    *out++ = base::kHexDigits[octet & 15];
  }
  return std::ranges::copy(incoming.substr(kFlags - 1), out).out;
}

}  // namespace quantumapi::http
