#include "audit/routes.h"

#include "audit/item.h"

namespace quantumapi::audit {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

constexpr std::int64_t kMaxPage = 1'000'000'000;
constexpr std::int64_t kMaxPageSize = 200;
constexpr std::int64_t kMaxFiltered = 10'000;  // page * pageSize of a list with filters
constexpr std::size_t kMaxListed = 20;         // items of a comma list
constexpr std::size_t kMaxText = 100;

struct AuditPage {
  std::vector<AuditItem> items;
  std::int64_t total_count = 0;
  bool total_is_bounded = false;  // then there are at least totalCount
  std::int64_t page = 1;
  std::int64_t page_size = 50;
};
BOOST_DESCRIBE_STRUCT(AuditPage, (), (items, total_count, total_is_bounded, page, page_size))

Result<std::vector<std::string>> comma_list(const http::Query& query, std::string_view name) {
  std::vector<std::string> items;
  std::string_view rest = query.text(name).value_or(std::string_view());
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view item = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (item.empty()) continue;
    if (item.size() > kMaxText || items.size() == kMaxListed)
      return base::fail_field(std::string(name), "is at most 20 items of 100 characters");
    items.emplace_back(item);
  }
  return items;
}

Result<Filter> filter_of(const http::Query& query) {
  Filter filter;
  TRY_ASSIGN(filter.page, query.integer("page", 1, 1, kMaxPage));
  TRY_ASSIGN(filter.page_size, query.integer("pageSize", 50, 1, kMaxPageSize));
  TRY_ASSIGN(filter.categories, comma_list(query, "category"));
  TRY_ASSIGN(filter.actions, comma_list(query, "action"));
  TRY_ASSIGN(filter.from, query.time("from"));
  TRY_ASSIGN(filter.to, query.time("to"));
  filter.actor = query.text("actor").value_or(std::string_view());
  if (filter.actor.size() > kMaxText) return base::fail_field("actor", "is at most 100 characters");
  if (const auto key = query.text("keyid"); key && !key->empty()) {
    const auto id = Uuid::parse(*key);
    if (!id) return base::fail_field("keyId", "is not a UUID");
    filter.key = *id;
  }
  if (filter.from && filter.to && *filter.from > *filter.to)
    return base::fail_field("from", "lies after to");
  const bool filtered = !filter.categories.empty() || !filter.actions.empty() || filter.key ||
                        !filter.actor.empty() || filter.from || filter.to;
  if (filtered && filter.page * filter.page_size > kMaxFiltered)
    return base::fail_field("page",
                            "with filters only the first 10000 events can be paged; "
                            "narrow from and to");
  return filter;
}

std::unexpected<Error> would_block() {
  return fail(Code::kWouldBlock, "the audit log is read from the store");
}

Result<Reply> list(AuditService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const Filter filter, filter_of(query));
  TRY_ASSIGN(const Page page, service.list(call.principal().tenant, filter));
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

Result<Reply> export_log(AuditService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const auto from, query.integer("fromIndex", 0, 0, INT64_MAX));
  TRY(service.wait_for_sequencer());
  Reply reply;
  TRY_ASSIGN(reply.stream,
             service.export_log(call.principal().tenant, static_cast<std::uint64_t>(from)));
  reply.content_type = "application/x-ndjson";
  call.audit(call.event());
  return reply;
}

Result<Reply> public_key(AuditService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const std::string pem, service.public_key_pem(call.principal().tenant));
  call.audit(call.event());
  return Reply::text(pem, "application/x-pem-file");
}

Result<Reply> checkpoint(AuditService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const std::string text, service.newest_checkpoint(call.principal().tenant));
  call.audit(call.event());
  return Reply::text(text, "text/plain; charset=utf-8");
}

std::vector<http::Parameter> filter_parameters() {
  constexpr std::string_view kList = R"({"type":"string"})";
  constexpr std::string_view kTime = R"({"type":"string","format":"date-time"})";
  return {{"page", R"({"type":"integer","minimum":1,"maximum":1000000000,"default":1})"},
          http::kPageSizeParameter,
          {"category", kList, "Comma list of at most 20"},
          {"action", kList, "Comma list of at most 20"},
          {"keyId", R"({"type":"string","format":"uuid"})"},
          {"actor", R"({"type":"string","maxLength":100})", "Part of the actor's name"},
          {"from", kTime},
          {"to", kTime}};
}

Route route(std::string_view path, std::string_view summary, std::string_view action,
            Result<Reply> (*handler)(AuditService&, Call&), AuditService& service) {
  Route route;
  route.method = Method::kGet;
  route.path = path;
  route.summary = summary;
  route.handler = [handler, &service](Call& call) { return handler(service, call); };
  route.scope = "audit:read";
  route.action = action;
  route.category = "audit";
  return route;
}

}  // namespace

std::vector<Route> routes(AuditService& service) {
  Route all = route("/audit-logs", "List the tenant's audit events, newest first.", "audit.read",
                    list, service);
  all.reply_schema = http::schema<AuditPage>();
  all.parameters = filter_parameters();
  Route whole =
      route("/audit-logs/export", "Export the audit log as NDJSON that can be verified offline.",
            "audit.export", export_log, service);
  whole.parameters = {{"fromIndex", R"({"type":"integer","minimum":0,"default":0})"}};
  whole.reply_type = "application/x-ndjson";
  Route key = route("/audit-logs/public-key", "Give the key that checkpoints verify under, as PEM.",
                    "audit.key_read", public_key, service);
  key.reply_type = "application/x-pem-file";
  Route newest = route("/audit-logs/checkpoint", "Give the newest signed checkpoint of the log.",
                       "audit.checkpoint_read", checkpoint, service);
  newest.reply_type = "text/plain";
  newest.refusals = {404};
  return {std::move(all), std::move(whole), std::move(key), std::move(newest)};
}

}  // namespace quantumapi::audit
