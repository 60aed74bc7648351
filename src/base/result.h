// Result<T>, Error and the TRY macros: how every fallible function of the house
// answers.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantumapi::base {

// Code is what kind of failure happened. It is mapped once to an HTTP status
// (http/problem.h) and once to a CLI exit code (cli/exit_code.h).
enum class Code : std::uint8_t {
  kInvalidArgument,   // 400 the caller's data is wrong; `field` names it
  kUnauthenticated,   // 401 no, unknown, expired or malformed credentials
  kPermissionDenied,  // 403 known caller, not allowed
  kNotFound,          // 404 absent, or another tenant's
  kMethodNotAllowed,  // 405 the path exists, the method does not
  kConflict,          // 409 a name or state stands in the way
  kGone,              // 410 existed, is retired for good
  kTooLarge,          // 413 body or value above its documented limit
  kRateLimited,       // 429 `retry_after_seconds` says when
  kInternal,          // 500 a defect of ours; the message is for the log only
  kUnavailable,       // 503 a part we need does not answer; may pass by itself
  kDataLoss,          // 500 stored bytes do not verify; never retried
  kWouldBlock,        // internal: a pure route met a cache miss; run again on the pool
};

// FieldError names one field of a request that is at fault.
struct FieldError {
  std::string field;    // wire name in camelCase, dotted for nested, e.g.
                        // "items.3.plaintext"
  std::string message;  // one sentence, no value of the caller inside
};

// Error says what failed. `message` is one English sentence fit for the
// caller; it never holds a secret or a value of the request body.
struct Error {
  Code code = Code::kInternal;
  std::string message;
  std::string reason{};  // stable wire code ("secret_name_conflict"); empty: the
                         // default of `code`
  std::vector<FieldError> fields{};
  int retry_after_seconds = 0;  // for kRateLimited and kUnavailable, 0 = not stated
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// fail makes an Error ready to return from a function that answers Result.
inline std::unexpected<Error> fail(Code code, std::string message, std::string reason = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(reason), {}, 0});
}

// fail_field makes a kInvalidArgument that names the field at fault.
inline std::unexpected<Error> fail_field(std::string field, std::string message) {
  Error error{Code::kInvalidArgument, field + ": " + message, {}, {}, 0};
  error.fields.push_back({std::move(field), std::move(message)});
  return std::unexpected(std::move(error));
}

}  // namespace quantumapi::base

namespace quantumapi {
using base::Code;
using base::Error;
using base::fail;
using base::fail_field;
using base::Result;
using base::Status;
}  // namespace quantumapi

#define QAPI_CONCAT_(a, b) a##b
#define QAPI_CONCAT(a, b) QAPI_CONCAT_(a, b)

// TRY(expr) returns the error of `expr` (a Result) from the enclosing function.
#define TRY(expr)                                            \
  do {                                                       \
    if (auto try_result = (expr); !try_result) [[unlikely]]  \
      return std::unexpected(std::move(try_result).error()); \
  } while (false)

// TRY_ASSIGN(auto x, expr) declares x from the value of `expr` or returns its
// error.
#define TRY_ASSIGN(decl, expr) QAPI_TRY_ASSIGN_(QAPI_CONCAT(try_value_, __LINE__), decl, expr)
#define QAPI_TRY_ASSIGN_(tmp, decl, expr)           \
  auto tmp = (expr);                                \
  if (!tmp) [[unlikely]]                            \
    return std::unexpected(std::move(tmp).error()); \
  decl = *std::move(tmp)
