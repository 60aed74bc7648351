#include "audit/routes.h"

#include "audit/filter.h"
#include "audit/item.h"

namespace quantumapi::audit {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

struct AuditPage {
  std::vector<AuditItem> items;
  std::int64_t total_count = 0;
  bool total_is_bounded = false;  // then there are at least totalCount
  std::int64_t page = 1;
  std::int64_t page_size = 50;
};
BOOST_DESCRIBE_STRUCT(AuditPage, (), (items, total_count, total_is_bounded, page, page_size))

std::unexpected<Error> would_block() {
  return fail(Code::kWouldBlock, "the audit log is read from the store");
}

// Logs are what the routes read, and whose owners may read the platform's own log.
struct Logs {
  AuditService& service;
  TenantId operators;
};

bool reads_platform(const Logs& logs, const Principal& who) {
  return who.tenant == logs.operators && who.role == Role::kOwner && who.bindings.empty();
}

// log_of is the caller's log, or with log=platform the one of what belongs to no
// tenant: failed authentications, and what is done on the host itself. The call's event names it.
Result<TenantId> log_of(const Logs& logs, Call& call, const http::Query& query) {
  const std::string_view wanted = query.text("log").value_or("tenant");
  const Principal& who = call.principal();
  if (wanted != "tenant" && wanted != "platform")
    return base::fail_field("log", "is tenant or platform");
  call.concern("auditLog", {}, std::string(wanted));
  if (wanted == "tenant") return who.tenant;
  if (reads_platform(logs, who)) return TenantId{};
  return fail(Code::kPermissionDenied, "only owners of the first tenant read the platform's log",
              "insufficient_scope");
}

// OneLog is what an export or a checkpoint is of: the owner's open log, or that one.
struct OneLog {
  TenantId owner;
  std::optional<Uuid> id;
};

// one_log is log_of, or with log=UUID that log, which a restore may have closed.
Result<OneLog> one_log(const Logs& logs, Call& call, const http::Query& query) {
  const auto id = Uuid::parse(query.text("log").value_or(std::string_view()));
  if (!id) {
    TRY_ASSIGN(const TenantId owner, log_of(logs, call, query));
    return OneLog{owner, std::nullopt};
  }
  call.concern("auditLog", *id, {});
  TRY_ASSIGN(const TenantId owner, logs.service.owner_of(*id));
  const bool platform = owner == TenantId{} && reads_platform(logs, call.principal());
  if (owner != call.principal().tenant && !platform)
    return fail(Code::kNotFound, "there is no such log");
  call.concern("auditLog", *id, platform ? "platform" : "tenant");
  return OneLog{owner, *id};
}

Result<Reply> list(const Logs& logs, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const TenantId log, log_of(logs, call, query));
  TRY_ASSIGN(const Filter filter, filter_of(query));
  TRY_ASSIGN(const Page page, logs.service.list(log, filter));
  AuditPage answer;
  answer.total_count = page.total;
  answer.total_is_bounded = page.total_is_bounded;
  answer.page = filter.page;
  answer.page_size = filter.page_size;
  for (const Entry& entry : page.entries) {
    TRY_ASSIGN(auto item, item_of(entry.id, entry.index, entry.record, entry.personal));
    answer.items.push_back(std::move(item));
  }
  call.audit(call.event());
  return Reply::json(call.request(), answer);
}

Result<Reply> export_log(const Logs& logs, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const OneLog log, one_log(logs, call, query));
  TRY_ASSIGN(const auto from, query.integer("fromIndex", 0, 0, INT64_MAX));
  TRY(logs.service.wait_for_sequencer());
  Reply reply;
  TRY_ASSIGN(reply.stream,
             logs.service.export_log(log.owner, static_cast<std::uint64_t>(from), log.id));
  reply.content_type = "application/x-ndjson";
  call.audit(call.event());
  return reply;
}

Result<Reply> public_key(const Logs& logs, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const TenantId log, log_of(logs, call, query));
  TRY_ASSIGN(const std::string pem, logs.service.public_key_pem(log));
  call.audit(call.event());
  return Reply::text(pem, "application/x-pem-file");
}

Result<Reply> checkpoint(const Logs& logs, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const OneLog log, one_log(logs, call, query));
  TRY_ASSIGN(const std::string text, logs.service.newest_checkpoint(log.owner, log.id));
  call.audit(call.event());
  return Reply::text(text, "text/plain; charset=utf-8");
}

constexpr http::Parameter kWhose{
    "log", R"({"type":"string","enum":["tenant","platform"],"default":"tenant"})",
    "platform, for owners of the first tenant: what belongs to no tenant"};
constexpr http::Parameter kWhich{"log", R"({"type":"string","default":"tenant"})",
                                 "tenant, platform, or the id of a log that a restore closed"};

std::vector<http::Parameter> filter_parameters() {
  constexpr std::string_view kList = R"({"type":"string"})";
  constexpr std::string_view kTime = R"({"type":"string","format":"date-time"})";
  return {{"page", R"({"type":"integer","minimum":1,"maximum":1000000000,"default":1})"},
          http::kPageSizeParameter,
          {"category", kList,
           "Comma list of at most 20: access, audit, certificates, encryption, entropy, keys, "
           "platform, secrets"},
          {"action", kList,
           "Comma list of at most 20, as secret.read; also Encrypt, Decrypt, Sign, Verify, "
           "Rewrap, Hmac, GenerateDataKey and KeyCreated"},
          {"keyId", R"({"type":"string","format":"uuid"})"},
          {"actor", R"({"type":"string","maxLength":100})", "Part of the actor's name"},
          {"from", kTime},
          {"to", kTime},
          kWhose};
}

Route route(std::string_view path, std::string_view summary, std::string_view action,
            Result<Reply> (*handler)(const Logs&, Call&), const Logs& logs) {
  Route route;
  route.method = Method::kGet;
  route.path = path;
  route.summary = summary;
  route.handler = [handler, logs](Call& call) { return handler(logs, call); };
  route.scope = "audit:read";
  route.action = action;
  route.category = "audit";
  route.whole_tenant = true;
  return route;
}

}  // namespace

std::vector<Route> routes(AuditService& service, TenantId operators) {
  const Logs logs{service, operators};
  Route all = route("/audit-logs", "List the tenant's audit events, newest first.", "audit.read",
                    list, logs);
  all.reply_schema = http::schema<AuditPage>();
  all.parameters = filter_parameters();
  Route whole =
      route("/audit-logs/export", "Export the audit log as NDJSON that can be verified offline.",
            "audit.export", export_log, logs);
  whole.parameters = {{"fromIndex", R"({"type":"integer","minimum":0,"default":0})"}, kWhich};
  whole.reply_type = "application/x-ndjson";
  whole.refusals = {404};
  Route key = route("/audit-logs/public-key", "Give the key that checkpoints verify under, as PEM.",
                    "audit.key_read", public_key, logs);
  key.parameters = {kWhose};
  key.reply_type = "application/x-pem-file";
  Route newest = route("/audit-logs/checkpoint", "Give the newest signed checkpoint of the log.",
                       "audit.checkpoint_read", checkpoint, logs);
  newest.parameters = {kWhich};
  newest.reply_type = "text/plain";
  newest.refusals = {404};
  return {std::move(all), std::move(whole), std::move(key), std::move(newest)};
}

}  // namespace quantumapi::audit
