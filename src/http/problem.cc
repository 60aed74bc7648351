#include "http/problem.h"

#include <algorithm>
#include <array>
#include <map>

namespace quantumapi::http {
namespace {

struct CodeFacts {
  int status;
  std::string_view reason;
  std::string_view title;
};

CodeFacts facts_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return {400, "validation_error", "The request is not valid"};
    case Code::kUnauthenticated:
      return {401, "unauthenticated", "Credentials are missing or not valid"};
    case Code::kPermissionDenied:
      return {403, "insufficient_scope", "The credentials do not allow this"};
    case Code::kNotFound:
      return {404, "not_found", "Not found"};
    case Code::kMethodNotAllowed:
      return {405, "method_not_allowed", "The resource does not take this method"};
    case Code::kConflict:
      return {409, "conflict", "The request conflicts with what exists"};
    case Code::kGone:
      return {410, "gone", "No longer available"};
    case Code::kTooLarge:
      return {413, "payload_too_large", "The content is too large"};
    case Code::kRateLimited:
      return {429, "rate_limit_exceeded", "Too many requests"};
    case Code::kUnavailable:
      return {503, "service_unavailable", "Temporarily unavailable"};
    case Code::kInternal:
    case Code::kDataLoss:
    case Code::kWouldBlock:
      break;
  }
  return {500, "internal_error", "Internal error"};
}

struct ReasonTitle {
  std::string_view reason;
  std::string_view title;
};

// Reasons that say more than their code. One title a reason (RFC 9457 section 3.1.3).
constexpr auto kTitles = std::to_array<ReasonTitle>({
    {"expectation_failed", "The expectation is not supported"},
    {"headers_too_large", "The request headers are too large"},
    {"http_version_not_supported", "The HTTP version is not supported"},
    {"key_name_conflict", "A key of this name exists"},
    {"key_revoked", "The key is revoked"},
    {"key_version_below_minimum", "The key version is below the minimum"},
    {"link_exhausted", "The link was used up"},
    {"link_not_found", "The link does not exist or has expired"},
    {"link_retired", "The link was retired"},
    {"malformed_request", "The request is malformed"},
    {"not_implemented", "Not implemented"},
    {"password_required", "A password is required"},
    {"payload_too_large", "The content is too large"},
    {"qrng_unavailable", "The quantum entropy source is unavailable"},
    {"quota_exceeded", "The quota is used up"},
    {"request_timeout", "The request took too long to arrive"},
    {"secret_name_conflict", "A secret of this name exists"},
    {"too_many_connections", "Too many connections"},
    {"uri_too_long", "The request target is too long"},
});

std::string_view title_of(std::string_view reason, std::string_view otherwise) {
  const auto* found = std::ranges::find(kTitles, reason, &ReasonTitle::reason);
  return found == kTitles.end() ? otherwise : found->title;
}

void write_fields(json::Writer& out, const std::vector<base::FieldError>& fields) {
  std::map<std::string_view, std::vector<std::string_view>> messages;
  for (const auto& [field, message] : fields) messages[field].push_back(message);
  out.key("errors");
  out.begin_object();
  for (const auto& [field, texts] : messages) {
    out.escaped_key(field);
    json::encode(out, texts);
  }
  out.end_object();
}

// What a refusal for a rate or quota names are no fields at fault but facts:
// details.resetsAt.
void write_facts(json::Writer& out, const std::vector<base::FieldError>& facts) {
  for (const auto& [name, fact] : facts) {
    out.key(name);
    out.string(fact);
  }
}

void write_details(json::Writer& out, int status, const std::vector<base::FieldError>& fields) {
  if (fields.empty()) return;
  out.key("details");
  out.begin_object();
  if (status == 429)
    write_facts(out, fields);
  else
    write_fields(out, fields);
  out.end_object();
}

struct Document {
  int status;
  std::string_view reason;
  std::string_view title;
  std::string_view detail;
};

Reply make_reply(const Request& request, const Document& document,
                 const std::vector<base::FieldError>& fields) {
  Reply reply{.status = document.status,
              .content_type = "application/problem+json",
              .body = std::pmr::string(request.arena)};
  json::Writer out(reply.body);
  const auto member = [&](std::string_view name, std::string_view text) {
    out.key(name);
    out.string(text);
  };
  out.begin_object();
  member("type", "urn:quantumapi:problem:" + std::string(document.reason));
  member("title", document.title);
  out.key("status");
  out.integer(document.status);
  member("detail", document.detail);
  member("instance", "urn:uuid:" + request.id.to_string());
  member("error", document.reason);
  member("message", document.detail);
  write_details(out, document.status, fields);
  out.end_object();
  return reply;
}

std::string detail_of(const Request& request, const Error& error, std::string_view title) {
  const bool ours = status_of(error.code) == 500;
  if (ours) return "The request failed inside the server; its id is " + request.id.to_string();
  return error.message.empty() ? std::string(title) : error.message;
}

}  // namespace

int status_of(Code code) { return facts_of(code).status; }

std::string_view reason_of(const Error& error) {
  return error.reason.empty() ? facts_of(error.code).reason : std::string_view(error.reason);
}

Reply problem(const Request& request, const Error& error) {
  const CodeFacts facts = facts_of(error.code);
  const std::string_view reason = reason_of(error);
  const std::string_view title = title_of(reason, facts.title);
  const std::string detail = detail_of(request, error, title);
  Reply reply = make_reply(request, {facts.status, reason, title, detail}, error.fields);
  if (error.retry_after_seconds > 0)
    reply.headers.emplace_back("Retry-After", std::to_string(error.retry_after_seconds));
  // RFC 9110 section 15.5.2: a 401 names at least one challenge.
  if (facts.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

Reply protocol_problem(const Request& request, int status, std::string_view reason,
                       std::string_view detail) {
  const std::string_view title = title_of(reason, "The request was refused");
  return make_reply(request, {status, reason, title, detail}, {});
}

}  // namespace quantumapi::http
