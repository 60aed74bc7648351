#include "cli/outcome.h"

namespace quantumapi::cli {
namespace {

using sdk::Error;
using sdk::Kind;

// advice is what the reader can do about it, where that can be told.
std::string advice(const Error& error) {
  if (error.code == "secret_name_conflict")
    return "choose another name, or give it a new value with `qapi secrets put`";
  if (error.code == "qrng_unavailable")
    return "connect a QRNG, or add --allow-csprng to take the system's generator";
  switch (error.kind) {
    case Kind::kUnauthorized:
      return "set QUANTUMAPI_KEY to a valid API key, or store one with `qapi profile set`";
    case Kind::kForbidden:
      return "use a key with the scope and the resources that this needs (`qapi whoami` shows "
             "yours)";
    case Kind::kRateLimited:
      return "wait a moment and try again";
    case Kind::kUnavailable:
      return "check --url and that the platform runs and is unsealed";
    case Kind::kServer:
      return "look the request up in the platform's log";
    default:
      return {};
  }
}

// sentence drops the full stop that some messages end with.
std::string sentence(std::string text) {
  while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
  return text;
}

std::string message_of(const Error& error) {
  std::string text = sentence(error.message);
  for (const std::string& field : error.fields)
    if (!text.contains(field)) text += "; " + sentence(field);
  const std::string hint = advice(error);
  if (!hint.empty()) text += ": " + hint;
  if (error.kind == Kind::kServer && !error.request_id.empty())
    text += " (request " + error.request_id + ")";
  return text;
}

}  // namespace

ExitCode exit_code(const Error& error) {
  switch (error.kind) {
    case Kind::kInvalid:
      return kInvalid;
    case Kind::kUnauthorized:
    case Kind::kForbidden:
      return kUnauthorized;
    case Kind::kNotFound:
      return kNotFound;
    case Kind::kConflict:
      return kConflict;
    case Kind::kRateLimited:
    case Kind::kUnavailable:
      return kUnknown;
    case Kind::kServer:
    case Kind::kProtocol:
    case Kind::kCancelled:
      return kFailed;
  }
  return kFailed;
}

Failure::Failure(const Error& error) : code(exit_code(error)), message(message_of(error)) {}

Failure::Failure(const base::Error& error) : message(sentence(error.message)) {
  if (error.code == base::Code::kInvalidArgument) code = kUsage;
  if (error.code == base::Code::kUnavailable) code = kUnknown;
}

}  // namespace quantumapi::cli
