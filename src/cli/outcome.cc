#include "cli/outcome.h"

namespace quantumapi::cli {
namespace {

using sdk::Error;
using sdk::Kind;

// tls_advice tells apart what a handshake that failed most often means.
std::string tls_advice(std::string_view message) {
  for (const std::string_view word : {"issuer certificate", "self-signed", "self signed"})
    if (message.contains(word))
      return "name the roots that the platform's certificate chains to with --ca-file or "
             "QUANTUMAPI_CA_FILE (`quantumapid init` made them: ca.pem)";
  if (message.contains("mismatch"))
    return "use a host of the platform's certificate in --url (`quantumapid init --host` names "
           "them)";
  return "check that --url is an address where the platform speaks TLS";
}

// refusal_advice is for what was refused although the API key is valid.
std::string refusal_advice(std::string_view code) {
  if (code == "insufficient_scope")
    return "use a key with the scope and the resources that this needs (`qapi whoami` shows "
           "yours)";
  if (code == "address_not_allowed")
    return "call from a network of the key's, or use a key without (`qapi apikeys get` shows them)";
  if (code == "key_revoked")
    return "`qapi keys enable` or `qapi keys recover` makes it usable again";
  if (code == "key_type_not_allowed")
    return "--key-type says of which type the key is (`qapi ca identity show` says which may be)";
  if (code == "key_expired")
    return "it opens what it protected, and protects nothing new: use another key";
  return {};
}

std::string unavailable_advice(const Error& error) {
  if (error.code == "tls_failed") return tls_advice(error.message);
  if (error.status == 0) return "check --url and that the platform runs";
  return "try again; `qapi health` says whether the platform is well";
}

// advice is what the reader can do about it, where that can be told.
std::string advice(const Error& error) {
  if (error.code == "secret_name_conflict")
    return "choose another name, or give it a new value with `qapi secrets put`";
  if (error.code == "quota_exceeded") return "`qapi usage quotas` shows when it begins anew";
  if (error.code == "qrng_unavailable")
    return "connect a QRNG, or add --allow-csprng to take the system's generator";
  switch (error.kind) {
    case Kind::kUnauthorized:
      return "set QUANTUMAPI_KEY to a valid API key, or store one with `qapi login`";
    case Kind::kForbidden:
      return refusal_advice(error.code);
    case Kind::kRateLimited:
      if (error.retry_after.count() > 0)
        return "wait " + std::to_string(error.retry_after.count()) + " seconds";
      return "wait a moment and try again";
    case Kind::kUnavailable:
      return unavailable_advice(error);
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
  for (const std::string& given : error.fields)
    if (const std::string field = sentence(given); !text.contains(field)) text += "; " + field;
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
      // What the SDK itself refused was never sent.
      return error.status == 0 && error.code == "invalid_request" ? kUsage : kInvalid;
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
