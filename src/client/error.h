// How an answer, or none, becomes an sdk::Error.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "quantumapi/call.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// error_of reads a refusal: problem details where there are any, else the status alone.
Error error_of(const http::ClientResponse& response);

// error_of a failure on the way: no answer came, or it could not be read.
Error error_of(const base::Error& error);

// check_time: a call whose time is over before it began is not made.
Result<void> check_time(const Call& call);

inline std::unexpected<Error> fail(Kind kind, std::string code, std::string message) {
  return std::unexpected(
      Error{.kind = kind, .code = std::move(code), .message = std::move(message)});
}

// cancelled: the caller's stop token ended the call.
inline std::unexpected<Error> cancelled() {
  return fail(Kind::kCancelled, "cancelled", "the call was cancelled");
}

}  // namespace quantumapi::sdk
