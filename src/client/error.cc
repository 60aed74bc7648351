#include "client/error.h"

#include <charconv>

#include "base/json.h"
#include "base/secret_bytes.h"

namespace quantumapi::sdk {
namespace {

using json::Value;

Kind kind_of(int status) {
  switch (status) {
    case 401:
      return Kind::kUnauthorized;
    case 403:
      return Kind::kForbidden;
    case 404:
    case 410:
      return Kind::kNotFound;
    case 409:
      return Kind::kConflict;
    case 429:
      return Kind::kRateLimited;
    case 408:  // the request did not arrive
    case 503:
      return Kind::kUnavailable;
    default:
      break;
  }
  if (status >= 500) return Kind::kServer;
  return status >= 400 ? Kind::kInvalid : Kind::kProtocol;
}

std::string_view text_of(const Value& object, std::string_view name) {
  const Value* const found = object.find(name);
  return found != nullptr && found->kind == Value::Kind::kString ? found->text : std::string_view();
}

// details.errors maps a field to the list of what is wrong with it.
void read_fields(const Value& problem, Error& error) {
  const Value* const details = problem.find("details");
  const Value* const errors = details == nullptr ? nullptr : details->find("errors");
  if (errors == nullptr) return;
  for (const json::Member& field : errors->members)
    for (const Value& message : field.value.items)
      error.fields.push_back(std::string(field.name) + ": " + std::string(message.text));
}

std::string_view without_urn(std::string_view id) {
  constexpr std::string_view kUrn = "urn:uuid:";
  if (id.starts_with(kUrn)) id.remove_prefix(kUrn.size());
  return id;
}

void read_problem(const Value& problem, Error& error) {
  error.code = text_of(problem, "error");
  for (const char* name : {"message", "detail", "title"})
    if (error.message.empty()) error.message = text_of(problem, name);
  if (error.request_id.empty()) error.request_id = without_urn(text_of(problem, "instance"));
  read_fields(problem, error);
}

// seconds_of reads Retry-After as the platform sends it; a date, or nonsense, is no wish.
std::chrono::seconds seconds_of(std::string_view text) {
  std::uint32_t seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = fault == std::errc() && end == text.data() + text.size();
  return std::chrono::seconds(whole ? seconds : 0);
}

}  // namespace

Error error_of(const http::ClientResponse& response) {
  Error error{.kind = kind_of(response.status), .status = response.status};
  error.request_id = response.header("X-Request-Id").value_or("");
  error.retry_after = seconds_of(response.header("Retry-After").value_or(""));
  WipingArena arena;
  const auto problem = json::parse({response.body.data(), response.body.size()}, arena);
  if (problem && problem->kind == Value::Kind::kObject) read_problem(*problem, error);
  if (error.message.empty())
    error.message = "the platform answered with HTTP status " + std::to_string(response.status);
  return error;
}

Result<void> check_time(const Call& call) {
  if (call.timeout.count() >= 0) return {};
  return fail(Kind::kUnavailable, "timeout", "the call's time was over before it began");
}

Error error_of(const base::Error& error) {
  Error made{.code = error.reason, .message = error.message};
  for (const auto& at_fault : error.fields)
    made.fields.push_back(at_fault.field + ": " + at_fault.message);
  switch (error.code) {
    case base::Code::kUnavailable:
      made.kind = error.reason == "cancelled" ? Kind::kCancelled : Kind::kUnavailable;
      break;
    case base::Code::kInvalidArgument:
      made.kind = Kind::kInvalid;
      if (made.code.empty()) made.code = "invalid_request";
      break;
    default:
      made.kind = Kind::kProtocol;
  }
  return made;
}

}  // namespace quantumapi::sdk
