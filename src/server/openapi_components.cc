#include "server/openapi_components.h"

#include <algorithm>
#include <array>
#include <string>

namespace quantumapi::server {
namespace {

using json::Writer;

// The members that RFC 9457 names, and those that published clients read.
constexpr std::string_view kProblemSchema =
    R"({"type":"object","properties":{)"
    R"("type":{"type":"string","format":"uri"},"title":{"type":"string"},)"
    R"("status":{"type":"integer","minimum":400,"maximum":599},"detail":{"type":"string"},)"
    R"("instance":{"type":"string","format":"uri"},)"
    R"("error":{"type":"string","pattern":"^[a-z0-9_]+$"},"message":{"type":"string"},)"
    R"("details":{"type":"object","properties":{"errors":{"type":"object",)"
    R"("additionalProperties":{"type":"array","items":{"type":"string"}}}}}},)"
    R"("required":["type","title","status","detail","instance","error","message"]})";

struct Refusal {
  int status;
  std::string_view name;
  std::string_view description;
  std::string_view header{};
};

constexpr auto kRefusals = std::to_array<Refusal>({
    {400, "Invalid", "The request is malformed, or a field is not valid: details.errors names it."},
    {401, "Unauthenticated", "The key is missing, unknown or expired.", "WWW-Authenticate"},
    {403, "Denied", "The key lacks the scope, the binding or the address, or is revoked."},
    {404, "NotFound", "There is no such thing in the key's tenant."},
    {409, "Conflict", "What exists or its state does not allow this."},
    {410, "Gone", "It was there and is no more."},
    {413, "TooLarge", "The content is too large."},
    {429, "TooMany", "The key's rate or quota is used up.", "Retry-After"},
    {500, "Internal", "The request failed inside the server; the log has its id."},
    {503, "Unavailable", "Temporarily unavailable; the request may be made again.", "Retry-After"},
});

constexpr std::string_view kOther =
    "An error of HTTP itself: 405, 408, 411, 414, 417, 431, 501 or 505";

void write_problem(Writer& out, std::string_view name, std::string_view description,
                   std::string_view header) {
  out.key(name);
  out.begin_object();
  out.key("description");
  out.string(description);
  if (!header.empty()) {
    out.key("headers");
    out.begin_object();
    out.key(header);
    out.raw(header == "Retry-After" ? R"({"schema":{"type":"integer","minimum":0}})"
                                    : R"({"schema":{"type":"string"}})");
    out.end_object();
  }
  out.key("content");
  out.raw(R"({"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}})");
  out.end_object();
}

}  // namespace

std::set<int> refusals_of(const http::Route& route) {
  std::set<int> statuses{400, 500};
  if (route.access != http::Access::kOpen) statuses.insert({401, 403, 429, 503});
  if (route.path.find('{') != std::string_view::npos) statuses.insert(404);
  if (route.request_schema != nullptr) statuses.insert(413);
  statuses.insert(route.refusals.begin(), route.refusals.end());
  return statuses;
}

std::string_view refusal_name(int status) {
  const auto* const found = std::ranges::find(kRefusals, status, &Refusal::status);
  return found == kRefusals.end() ? "Problem" : found->name;
}

void write_components(Writer& out) {
  out.begin_object();
  out.key("securitySchemes");
  out.raw(R"({"apiKey":{"type":"apiKey","in":"header","name":"X-Api-Key"},)"
          R"("bearer":{"type":"http","scheme":"bearer","description":"The same API key."}})");
  out.key("schemas");
  out.begin_object();
  out.key("Problem");
  out.raw(kProblemSchema);
  out.end_object();
  out.key("responses");
  out.begin_object();
  for (const Refusal& refusal : kRefusals)
    write_problem(out, refusal.name, refusal.description, refusal.header);
  write_problem(out, "Problem", kOther, {});
  out.end_object();
  out.end_object();
}

}  // namespace quantumapi::server
