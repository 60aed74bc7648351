// The credential of a request: X-Api-Key or Authorization: Bearer.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace quantumapi::server {

// credential gives the key or token as sent. kUnauthenticated when there is
// none, when a header stands twice, when the scheme is not Bearer, or when both
// headers are given and differ.
Result<std::string_view> credential(const http::Request& request);

}  // namespace quantumapi::server
