#include "access/routes.h"

#include "access/binding_json.h"
#include "access/explain_routes.h"
#include "access/group_routes.h"
#include "access/tenant_routes.h"
#include "base/json_request.h"

namespace quantumapi::access {
namespace {

using http::Access;
using http::Call;
using http::Method;
using http::Reply;
using http::Route;

constexpr std::int64_t kMaxPage = 1'000'000;
constexpr std::int64_t kMaxPageSize = 200;
constexpr std::string_view kCategory = "access";

struct CreateRequest {
  std::string name;
  std::optional<std::string> service_account;
  std::optional<std::string> role;
  std::vector<std::string> scopes;
  std::optional<std::vector<BindingJson>> bindings;
  std::optional<WallTime> expires_at;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> addresses;
  std::optional<std::int64_t> rate_limit;
};
BOOST_DESCRIBE_STRUCT(CreateRequest, (),
                      (name, service_account, role, scopes, bindings, expires_at, description,
                       addresses, rate_limit))
constexpr auto schema_facts(const CreateRequest*) {
  return std::to_array<json::Fact>({
      {"name", R"("minLength":1,"maxLength":100)"},
      {"service_account", R"("minLength":1,"maxLength":100)"},
      {"role", R"("enum":["member","admin","owner"],"default":"member")"},
      {"scopes", R"("minItems":1,"maxItems":64)"},
      {"bindings", R"("minItems":1,"maxItems":100)"},
      {"addresses", R"("minItems":1,"maxItems":100)"},
      {"rate_limit", R"("minimum":1,"maximum":1000000)"},
  });
}

struct ApiKeyView {
  ApiKeyId id;
  std::string name;
  std::string prefix;
  ServiceAccountId service_account_id;
  std::string service_account;
  std::string role;
  std::string status;  // "active" | "revoked" | "expired"
  std::vector<std::string> scopes;
  std::vector<BindingJson> bindings;
  WallTime created_at;
  std::optional<WallTime> expires_at;
  std::optional<WallTime> revoked_at;
  std::optional<std::string> description;
  std::vector<std::string> addresses;      // CIDR; empty: from anywhere
  std::optional<std::int64_t> rate_limit;  // requests a minute
  std::optional<WallTime> last_used_at;    // to the minute
  std::optional<ApiKeyId> replaced_by;
  std::optional<std::string_view> api_key;  // the key itself: in the answer to its making only
};
BOOST_DESCRIBE_STRUCT(ApiKeyView, (),
                      (id, name, prefix, service_account_id, service_account, role, status, scopes,
                       bindings, created_at, expires_at, revoked_at, description, addresses,
                       rate_limit, last_used_at, replaced_by, api_key))
constexpr auto schema_facts(const ApiKeyView*) {
  return std::to_array<json::Fact>({
      {"role", R"("enum":["member","admin","owner"])"},
      {"status", R"("enum":["active","revoked","expired"])"},
  });
}

struct ApiKeyPage {
  std::vector<ApiKeyView> api_keys;
  std::int64_t total = 0;
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(ApiKeyPage, (), (api_keys, total, page, page_size, has_more))

struct WhoAmI {
  TenantId tenant_id;
  ServiceAccountId service_account_id;
  ApiKeyId api_key_id;
  std::string_view name;
  std::string_view role;
  std::vector<std::string> scopes;
  std::vector<BindingJson> bindings;
  std::optional<WallTime> expires_at;
};
BOOST_DESCRIBE_STRUCT(WhoAmI, (),
                      (tenant_id, service_account_id, api_key_id, name, role, scopes, bindings,
                       expires_at))
constexpr auto schema_facts(const WhoAmI*) {
  return std::to_array<json::Fact>({
      {"role", R"("enum":["member","admin","owner"])"},
  });
}

struct RateView {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t reset = 0;  // Unix seconds
  std::string_view period = "minute";
};
BOOST_DESCRIBE_STRUCT(RateView, (), (limit, remaining, reset, period))

struct RotateRequest {
  std::optional<std::int64_t> overlap_seconds;  // 0 to 604800; a day where absent
};
BOOST_DESCRIBE_STRUCT(RotateRequest, (), (overlap_seconds))
constexpr auto schema_facts(const RotateRequest*) {
  return std::to_array<json::Fact>({
      {"overlap_seconds", R"("minimum":0,"maximum":604800,"default":86400)"},
  });
}

std::string_view status_of(const ApiKeyRecord& record, WallTime now) {
  if (record.revoked_at) return "revoked";
  return record.expires_at && *record.expires_at <= now ? "expired" : "active";
}

ApiKeyView view_of(const ApiKeyRecord& record, WallTime now) {
  ApiKeyView view;
  view.id = record.id;
  view.name = record.name;
  view.prefix = record.prefix;
  view.service_account_id = record.account;
  view.service_account = record.account_name;
  view.role = base::to_string(record.role);
  view.status = status_of(record, now);
  view.scopes = record.scopes;
  view.bindings = to_json(record.bindings);
  view.created_at = record.created_at;
  view.expires_at = record.expires_at;
  view.revoked_at = record.revoked_at;
  if (!record.description.empty()) view.description = record.description;
  view.addresses = record.addresses;
  if (record.rate_limit != 0) view.rate_limit = record.rate_limit;
  view.last_used_at = record.last_used_at;
  view.replaced_by = record.replaced_by;
  return view;
}

Result<Role> role_of(const std::optional<std::string>& text) {
  if (!text) return Role::kMember;
  const auto role = base::parse_role(*text);
  if (!role) return base::fail_field("role", "is member, admin or owner");
  return role;
}

std::unexpected<Error> would_block() {
  return fail(Code::kWouldBlock, "API keys are read from the store");
}

// key_id reads the path's id. What is no UUID names nothing.
Result<ApiKeyId> key_id(const Call& call) {
  const auto id = ApiKeyId::parse(call.parameter(0));
  if (!id) return fail(Code::kNotFound, "there is no such API key");
  return id;
}

AuditEvent event_about(const Call& call, const Uuid& key, std::string name) {
  AuditEvent event = call.event();
  event.resource_type = "apiKey";
  event.resource = key;
  event.resource_name = std::move(name);
  return event;
}

Result<Reply> create(AccessService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(auto request, json::decode_request<CreateRequest>(call.request().body, call.arena()));
  NewApiKey key;
  TRY_ASSIGN(key.role, role_of(request.role));
  key.name = std::move(request.name);
  if (request.service_account) {
    if (request.service_account->empty())
      return base::fail_field("serviceAccount", "must not be empty");
    key.service_account = *std::move(request.service_account);
  }
  key.scopes = std::move(request.scopes);
  // An empty list must not read as "reaches nothing" to its sender and "reaches all" to us.
  if (request.bindings && request.bindings->empty())
    return base::fail_field("bindings", "must name what the key is bound to; leave it out for all");
  if (request.addresses && request.addresses->empty())
    return base::fail_field("addresses", "must name an address; leave it out for all");
  if (request.bindings) key.bindings = from_json(*std::move(request.bindings));
  key.expires_at = request.expires_at;
  key.description = std::move(request.description).value_or("");
  if (request.addresses) key.addresses = *std::move(request.addresses);
  if (request.rate_limit && *request.rate_limit < 1)
    return base::fail_field("rateLimit", "is 1 to 1000000 requests a minute");
  key.rate_limit = request.rate_limit.value_or(0);
  TRY_ASSIGN(const auto created, service.create_key(call.principal(), key, call.event()));
  call.recorded();
  ApiKeyView view = view_of(created.record, call.now());
  view.api_key = created.text.reveal_text(SecretAccess());
  return Reply::json(call.request(), view, json::Naming::kCamel, 201);
}

Result<Reply> list(AccessService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  ApiKeyPage page;
  TRY_ASSIGN(page.page, query.integer("page", 1, 1, kMaxPage));
  TRY_ASSIGN(page.page_size, query.integer("pageSize", 50, 1, kMaxPageSize));
  const std::int64_t offset = (page.page - 1) * page.page_size;
  TRY_ASSIGN(const auto keys, service.list_keys(call.principal(), offset, page.page_size));
  for (const ApiKeyRecord& record : keys.keys) page.api_keys.push_back(view_of(record, call.now()));
  page.total = keys.total;
  page.has_more = offset + static_cast<std::int64_t>(keys.keys.size()) < keys.total;
  call.audit(call.event());
  return Reply::json(call.request(), page);
}

Result<Reply> find(AccessService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const ApiKeyId id, key_id(call));
  TRY_ASSIGN(const auto record, service.find_key(call.principal(), id));
  call.audit(event_about(call, id.uuid, record.name));
  return Reply::json(call.request(), view_of(record, call.now()));
}

Result<Reply> revoke(AccessService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const ApiKeyId id, key_id(call));
  TRY(service.revoke(call.principal(), id, call.event()));
  call.recorded();
  return Reply::empty(204);
}

Result<Reply> rotate(AccessService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const ApiKeyId id, key_id(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<RotateRequest>(call.request().body, call.arena()));
  constexpr std::int64_t kDay = 86'400;
  const std::chrono::seconds overlap(request.overlap_seconds.value_or(kDay));
  TRY_ASSIGN(const auto created, service.rotate(call.principal(), id, overlap, call.event()));
  call.recorded();
  ApiKeyView view = view_of(created.record, call.now());
  view.api_key = created.text.reveal_text(SecretAccess());
  return Reply::json(call.request(), view, json::Naming::kCamel, 201);
}

Result<Reply> whoami(AccessService& service, Call& call) {
  if (!call.may_block()) return would_block();
  const Principal& principal = call.principal();
  TRY_ASSIGN(const auto record, service.find_key(principal, principal.api_key));
  WhoAmI who;
  who.tenant_id = principal.tenant;
  who.service_account_id = principal.account;
  who.api_key_id = principal.api_key;
  who.name = principal.label;
  who.role = base::to_string(principal.role);
  who.scopes = principal.scopes;
  who.bindings = to_json(record.bindings);
  who.expires_at = record.expires_at;
  call.audit(event_about(call, principal.api_key.uuid, record.name));
  return Reply::json(call.request(), who);
}

Result<Reply> rate_limit(AccessService& service, Call& call) {
  if (!call.may_block()) return would_block();
  TRY_ASSIGN(const auto rate, service.rate(call.principal()));
  call.audit(event_about(call, call.principal().api_key.uuid, {}));
  const std::int64_t reset = (rate.reset + std::chrono::microseconds(999'999)).seconds();
  return Reply::json(call.request(), RateView{rate.limit, rate.remaining, reset});
}

Route route(Method method, std::string_view path, std::string_view summary,
            Result<Reply> (*handler)(AccessService&, Call&), AccessService& service) {
  Route route;
  route.method = method;
  route.path = path;
  route.summary = summary;
  route.handler = [handler, &service](Call& call) { return handler(service, call); };
  route.access = Access::kKey;
  route.category = kCategory;
  return route;
}

}  // namespace

std::vector<Route> routes(AccessService& service) {
  Route post = route(Method::kPost, "/apikeys", "Make an API key; its text is answered once.",
                     create, service);
  post.scope = "apikeys:write";
  post.action = "apikey.create";
  post.request_schema = http::schema<CreateRequest>();
  post.reply_schema = http::schema<ApiKeyView>();
  post.success = 201;
  post.body_limit = 64 * 1024;

  Route all =
      route(Method::kGet, "/apikeys", "List the tenant's API keys, newest first.", list, service);
  all.scope = "apikeys:read";
  all.action = "apikey.list";
  all.whole_tenant = true;
  all.reply_schema = http::schema<ApiKeyPage>();
  all.parameters = {http::kPageParameter, http::kPageSizeParameter};

  Route one =
      route(Method::kGet, "/apikeys/{id}", "Show an API key, without its text.", find, service);
  one.scope = "apikeys:read";
  one.action = "apikey.read";
  one.reply_schema = http::schema<ApiKeyView>();

  Route end =
      route(Method::kDelete, "/apikeys/{id}", "Revoke an API key for good.", revoke, service);
  end.scope = "apikeys:write";
  end.action = "apikey.revoke";
  end.success = 204;

  Route renew =
      route(Method::kPost, "/apikeys/{id}/rotate",
            "Replace an API key; the old one works until the overlap ends.", rotate, service);
  renew.scope = "apikeys:write";
  renew.action = "apikey.rotate";
  renew.request_schema = http::schema<RotateRequest>();
  renew.reply_schema = http::schema<ApiKeyView>();
  renew.success = 201;
  renew.refusals = {409};

  Route who = route(Method::kGet, "/whoami", "Show what the presented API key stands for.", whoami,
                    service);
  who.action = "apikey.whoami";
  who.reply_schema = http::schema<WhoAmI>();

  Route rate =
      route(Method::kGet, "/rate-limit",
            "Show how many requests the presented API key may still make.", rate_limit, service);
  rate.action = "apikey.rate_limit";
  rate.reply_schema = http::schema<RateView>();
  std::vector<Route> all_routes{std::move(post),  std::move(all), std::move(one), std::move(end),
                                std::move(renew), std::move(who), std::move(rate)};
  for (Route& group : group_routes(service)) all_routes.push_back(std::move(group));
  for (Route& told : explain_routes(service)) all_routes.push_back(std::move(told));
  for (Route& tenant : tenant_routes(service)) all_routes.push_back(std::move(tenant));
  return all_routes;
}

}  // namespace quantumapi::access
