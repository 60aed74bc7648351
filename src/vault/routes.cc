#include "vault/routes.h"

#include "base/json_request.h"
#include "vault/handler_tools.h"
#include "vault/name.h"
#include "vault/version_routes.h"

namespace quantumapi::vault {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

const http::Parameter kVersion{"version", R"({"type":"integer","minimum":1,"maximum":2147483647})",
                               "Absent: the newest"};
const http::Parameter kInclude{
    "include", R"({"type":"string"})",
    "Comma list of username, notes, urls, customFields, totpSecret; all; metadata (all but the "
    "seed)"};
constexpr std::int64_t kMaxPage = 1'000'000;
constexpr std::int64_t kMaxPageSize = 200;

AuditEvent event_of(const Call& call, const SecretRecord& record) {
  AuditEvent event = call.event();
  event.resource_type = "secret";
  event.resource = record.id.uuid;
  event.resource_name = record.name;
  return event;
}

Result<Reply> create(VaultService& service, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<CreateRequest>(call.request().body, call.arena()));
  if (check_name(request.name)) call.concern("secret", {}, std::string(request.name));
  TRY_ASSIGN(const std::string_view fields, sealed_fields(request, call.arena()));
  const bool has_totp = request.totp_secret && !request.totp_secret->empty();
  NewSecret secret{.name = request.name,
                   .value = request.value,
                   .description = request.description.value_or(""),
                   .content_type = request.content_type.value_or(""),
                   .labels = request.labels.value_or(std::vector<std::string>()),
                   .fields = fields,
                   .has_totp = has_totp,
                   .expires_at = request.expires_at};
  TRY_ASSIGN(const SecretRecord record, service.create(call.principal(), secret, call.event()));
  call.recorded();
  SecretReply reply = reply_of(record);
  reply.value = request.value;
  TRY(add_fields(reply, fields, Include::all(), call.arena()));
  Reply answer = Reply::json(call.request(), reply, kBoth, 201);
  answer.headers.emplace_back("Location", "/api/v1/secrets/" + record.id.to_string());
  return answer;
}

struct Reading {
  std::optional<std::uint32_t> version;
  Include include;
};

Result<Reading> reading_of(const Call& call) {
  if (call.request().query.empty()) return Reading{};
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const std::int64_t version, query.integer("version", 0, 1, INT32_MAX));
  Reading reading;
  if (version != 0) reading.version = static_cast<std::uint32_t>(version);
  reading.include = Include::parse(query.text("include").value_or(""));
  return reading;
}

Result<Reply> answer_opened(Call& call, const OpenedSecret& opened, const Include& include) {
  SecretReply reply = reply_of(opened.record);
  reply.value = opened.value.reveal_text(SecretAccess());
  TRY(add_fields(reply, opened.fields.reveal_text(SecretAccess()), include, call.arena()));
  call.audit(event_of(call, opened.record));
  return Reply::json(call.request(), reply, kBoth);
}

Result<Reply> read(VaultService& service, Call& call) {
  TRY_ASSIGN(const SecretId id, id_parameter(call));
  TRY_ASSIGN(const Reading reading, reading_of(call));
  TRY_ASSIGN(const auto opened, service.get(call.principal(), id, reading.version, call.may_block(),
                                            reading.include.any()));
  return answer_opened(call, opened, reading.include);
}

Result<Reply> read_by_name(VaultService& service, Call& call) {
  TRY_ASSIGN(const Reading reading, reading_of(call));
  TRY_ASSIGN(const auto opened,
             service.get_by_name(call.principal(), call.parameter(0), reading.version,
                                 call.may_block(), reading.include.any()));
  return answer_opened(call, opened, reading.include);
}

std::optional<std::string> optional_text(const http::Query& query, std::string_view folded) {
  const auto text = query.text(folded);
  return text && !text->empty() ? std::optional(std::string(*text)) : std::nullopt;
}

Result<Reply> list(VaultService& service, Call& call) {
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  ListReply reply;
  TRY_ASSIGN(reply.page, query.integer("page", 1, 1, kMaxPage));
  TRY_ASSIGN(reply.page_size, query.integer("pageSize", 50, 1, kMaxPageSize));
  VaultService::Filter filter;
  filter.offset = (reply.page - 1) * reply.page_size;
  filter.limit = reply.page_size;
  TRY_ASSIGN(filter.include_inactive, query.boolean("includeInactive", false));
  filter.content_type = optional_text(query, "contenttype");
  filter.label = optional_text(query, "label");
  filter.search = optional_text(query, "search");
  TRY_ASSIGN(const auto page, service.list(call.principal(), filter));
  reply.total = page.total;
  reply.has_more = page.has_more;
  reply.secrets.reserve(page.secrets.size());
  for (const SecretRecord& record : page.secrets) reply.secrets.push_back(reply_of(record));
  call.audit(call.event());
  return Reply::json(call.request(), reply, kBoth);
}

Result<Reply> remove(VaultService& service, Call& call) {
  TRY_ASSIGN(const SecretId id, id_parameter(call));
  TRY(service.remove(call.principal(), id, call.event()));
  call.recorded();
  return Reply::empty();
}

}  // namespace

std::vector<Route> routes(VaultService& service) {
  std::vector<Route> all{
      {.method = Method::kPost,
       .path = "/secrets",
       .summary = "Create a secret; the answer holds its value.",
       .handler = with(service, create),
       .scope = kWrite,
       .action = "secret.create",
       .category = kCategory,
       .request_schema = http::schema<CreateRequest>(),
       .reply_schema = http::schema<SecretReply>(),
       .success = 201,
       .refusals = {409}},
      {.method = Method::kGet,
       .path = "/secrets",
       .summary = "List the secrets that the key may reach, without values.",
       .handler = with(service, list),
       .scope = kRead,
       .action = "secret.list",
       .category = kCategory,
       .reply_schema = http::schema<ListReply>(),
       .parameters = {http::kPageParameter,
                      http::kPageSizeParameter,
                      {"includeInactive", R"({"type":"boolean","default":false})"},
                      {"contentType", R"({"type":"string","maxLength":255})"},
                      {"label", R"({"type":"string","maxLength":255})", "One whole label"},
                      {"search", R"({"type":"string","maxLength":255})", "Part of the name"}}},
      {.method = Method::kGet,
       .path = "/secrets/{id}",
       .summary = "Answer a secret with the value of its newest or a given version.",
       .handler = with(service, read),
       .scope = kRead,
       .action = "secret.read",
       .category = kCategory,
       .pure = true,
       .reply_schema = http::schema<SecretReply>(),
       .parameters = {kVersion, kInclude}},
      {.method = Method::kGet,
       .path = "/secrets/by-name/{name}",
       .summary = "Answer the secret of a name; a slash in the name is sent as %2F.",
       .handler = with(service, read_by_name),
       .scope = kRead,
       .action = "secret.read",
       .category = kCategory,
       .pure = true,
       .reply_schema = http::schema<SecretReply>(),
       .parameters = {kVersion, kInclude}},
      {.method = Method::kDelete,
       .path = "/secrets/{id}",
       .summary = "Delete a secret with all its versions; its name is free again at once.",
       .handler = with(service, remove),
       .scope = kWrite,
       .action = "secret.delete",
       .category = kCategory,
       .success = 204},
  };
  for (Route& route : version_routes(service)) all.push_back(std::move(route));
  return all;
}

}  // namespace quantumapi::vault
