// The head of an answer as the client reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace quantumapi::http {

struct ResponseHead {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
};

// parse_response_head parses a complete head (as found by HeadScanner).
// kUnavailable for what is no answer of HTTP/1.x or leaves its length in doubt.
Result<ResponseHead> parse_response_head(std::string_view head);

}  // namespace quantumapi::http
