// How an answer, or none, becomes an sdk::Error.
#pragma once

#include <string_view>
#include <system_error>

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

// invalid_field names what a call was given and can't be sent.
inline std::unexpected<Error> invalid_field(std::string_view name, const std::string& why) {
  const std::string line = std::string(name) + ": " + why;
  return std::unexpected(
      Error{.kind = Kind::kInvalid, .code = "invalid_request", .message = line, .fields = {line}});
}
inline std::unexpected<Error> not_text(std::string_view name) {
  return invalid_field(name, "is not UTF-8 text");
}

// invalid_option names the option that can't be used.
inline std::unexpected<Error> invalid_option(const std::string& name, const std::string& why) {
  const std::string line = name + ": " + why;
  return std::unexpected(
      Error{.kind = Kind::kInvalid, .code = "invalid_options", .message = line, .fields = {line}});
}

// or_no_thread runs what makes threads, and answers a Result, where the process may have no more.
template <typename Work>
auto or_no_thread(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::system_error& error) {
    return fail(Kind::kUnavailable, "no_thread",
                std::string("a thread that is needed can't be made: ") + error.what());
  }
}

// cancelled: the caller's stop token ended the call.
inline std::unexpected<Error> cancelled() {
  return fail(Kind::kCancelled, "cancelled", "the call was cancelled");
}

}  // namespace quantumapi::sdk
