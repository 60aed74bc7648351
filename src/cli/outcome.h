// Outcome: how a command ends, with a number or with one sentence and a number.
#pragma once

#include <expected>
#include <string>

#include "base/result.h"
#include "cli/exit_code.h"
#include "quantumapi/result.h"

namespace quantumapi::cli {

// Failure is what goes to standard error and to the shell. `message` is one
// sentence that says what to do; it holds no secret.
struct Failure {
  int code = kFailed;
  std::string message;

  Failure(int c, std::string m) : code(c), message(std::move(m)) {}
  // An error of the platform or of a room below becomes a failure by itself,
  // so that TRY can pass it on.
  Failure(const sdk::Error& error);   // NOLINT(google-explicit-constructor)
  Failure(const base::Error& error);  // NOLINT(google-explicit-constructor)
};

template <typename T>
using Try = std::expected<T, Failure>;
using Outcome = Try<int>;  // an exit code

inline std::unexpected<Failure> give_up(int code, std::string message) {
  return std::unexpected(Failure(code, std::move(message)));
}

}  // namespace quantumapi::cli
