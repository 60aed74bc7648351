// Exit codes of qapi: the one place where an error becomes a number.
#pragma once

#include "quantumapi/result.h"

namespace quantumapi::cli {

enum ExitCode : int {
  kOk = 0,
  kNotVerified = 1,   // a verification command: something is not as signed
  kUsage = 2,         // the command line itself is wrong
  kUnknown = 3,       // could not be told: no answer, unavailable
  kInvalid = 4,       // the platform refused the request's data
  kUnauthorized = 5,  // no or wrong credentials, or not allowed
  kNotFound = 6,
  kConflict = 7,
  kFailed = 8,  // anything else
};

ExitCode exit_code(const sdk::Error& error);

}  // namespace quantumapi::cli
