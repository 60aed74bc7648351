#include "vault/version_routes.h"

#include "base/json_request.h"
#include "vault/handler_tools.h"

namespace quantumapi::vault {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

constexpr std::string_view kRollback = "secret.rollback";
// How many versions one answer of /versions shows, which has no pages.
constexpr int kMostVersions = 1000;

Result<std::uint32_t> version_of(std::string_view field, std::int64_t version) {
  if (version < 1 || version > INT32_MAX)
    return fail_field(std::string(field), "must be the number of a version, from 1");
  return static_cast<std::uint32_t>(version);
}

Result<Reply> put_value(VaultService& service, Call& call) {
  TRY_ASSIGN(const SecretId id, id_parameter(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<PutValueRequest>(call.request().body, call.arena()));
  AuditEvent event = call.event();
  std::optional<std::uint32_t> restored_from;
  if (request.restored_from_version) {
    TRY_ASSIGN(restored_from, version_of("restoredFromVersion", *request.restored_from_version));
    event.action = kRollback;
  }
  TRY_ASSIGN(const SecretRecord record, service.put_value(call.principal(), id, request.value,
                                                          std::move(event), restored_from));
  call.recorded();
  SecretReply reply = reply_of(record);
  reply.value = request.value;  // what the caller has just sent
  return Reply::json(call.request(), reply, kBoth);
}

// rollback shows the value only to a key that may read it: the key that writes it back
// need not have seen it.
Result<Reply> rollback(VaultService& service, Call& call) {
  TRY_ASSIGN(const SecretId id, id_parameter(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<RollbackRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const std::uint32_t version, version_of("version", request.version));
  TRY_ASSIGN(const OpenedSecret restored,
             service.rollback(call.principal(), id, version, call.event()));
  call.recorded();
  SecretReply reply = reply_of(restored.record);
  if (call.principal().has_scope(kRead)) reply.value = restored.value.reveal_text(SecretAccess());
  return Reply::json(call.request(), reply, kBoth);
}

Result<Reply> answer_versions(VaultService& service, Call& call, int most) {
  TRY_ASSIGN(const SecretId id, id_parameter(call));
  TRY_ASSIGN(const auto versions, service.history(call.principal(), id, most));
  HistoryReply reply{.secret_id = id, .versions = {}};
  for (const auto& version : versions)
    reply.versions.push_back({version.version, version.created_at, version.changed_by});
  AuditEvent event = call.event();
  event.resource_type = "secret";
  event.resource = id.uuid;
  call.audit(std::move(event));
  return Reply::json(call.request(), reply, kBoth);
}

Result<Reply> history(VaultService& service, Call& call) {
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const std::int64_t most, query.integer("maxVersions", 5, 1, 20));
  return answer_versions(service, call, static_cast<int>(most));
}

Result<Reply> versions(VaultService& service, Call& call) {
  return answer_versions(service, call, kMostVersions);
}

}  // namespace

std::vector<Route> version_routes(VaultService& service) {
  return {
      {.method = Method::kPut,
       .path = "/secrets/{id}/value",
       .summary = "Add a version with a new value.",
       .handler = with(service, put_value),
       .scope = kWrite,
       .action = "secret.update",
       .category = kCategory,
       .request_schema = http::schema<PutValueRequest>(),
       .reply_schema = http::schema<SecretReply>(),
       .refusals = {409}},
      {.method = Method::kPost,
       .path = "/secrets/{id}/rollback",
       .summary = "Add a version with the value of an earlier one.",
       .handler = with(service, rollback),
       .scope = kWrite,
       .action = kRollback,
       .category = kCategory,
       .request_schema = http::schema<RollbackRequest>(),
       .reply_schema = http::schema<SecretReply>(),
       .refusals = {409}},
      {.method = Method::kGet,
       .path = "/secrets/{id}/history",
       .summary = "List the versions of a secret, newest first, without values.",
       .handler = with(service, history),
       .scope = kRead,
       .action = "secret.history",
       .category = kCategory,
       .reply_schema = http::schema<HistoryReply>(),
       .parameters = {{"maxVersions",
                       R"({"type":"integer","minimum":1,"maximum":20,"default":5})"}}},
      {.method = Method::kGet,
       .path = "/secrets/{id}/versions",
       .summary = "List the newest 1,000 versions of a secret, without values.",
       .handler = with(service, versions),
       .scope = kRead,
       .action = "secret.history",
       .category = kCategory,
       .reply_schema = http::schema<HistoryReply>()},
  };
}

}  // namespace quantumapi::vault
