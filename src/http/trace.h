// W3C Trace Context: the traceparent header, taken over and continued.
#pragma once

#include <string_view>

#include "base/ids.h"

namespace quantumapi::http {

// is_traceparent is true for a valid traceparent of version 00: lower-case
// hexadecimal digits, trace id and parent id not all zero.
bool is_traceparent(std::string_view text) noexcept;

inline constexpr std::size_t kTraceparentSize = 55;

// write_traceparent writes the kTraceparentSize characters of the answer to a
// valid `incoming` and gives the end of them: its trace id and flags, and as
// span id the random half of the request's id.
char* write_traceparent(std::string_view incoming, const RequestId& id, char* out) noexcept;

}  // namespace quantumapi::http
