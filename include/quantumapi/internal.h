// What InternalClient and InternalServer share: messages, and what counts as internal.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantumapi/export.h"

namespace quantumapi::sdk {

// Headers are names and values in their order; names are compared in any case.
using Headers = std::vector<std::pair<std::string, std::string>>;

// find_header gives the value of the first header of that name, empty when there is none.
QUANTUMAPI_EXPORT std::string_view find_header(const Headers& headers, std::string_view name);

// Response is an answer of an internal service. Where its headers have no Content-Type, a handler's
// answer with a body is sent as application/octet-stream.
struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
};

}  // namespace quantumapi::sdk
