#include "access/explain_routes.h"

#include "access/explain.h"

namespace quantumapi::access {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

constexpr std::string_view kCategory = "access";

struct ReachView {
  ApiKeyId key_id;
  std::string key_name;
  std::string service_account;
  std::string_view role;
  std::vector<std::string> scopes;
  std::string through;  // "tenant" | "binding" | "group"
  std::optional<Uuid> group_id;
  std::string_view status;  // "active" | "expired"
  std::vector<std::string> addresses;
  std::optional<WallTime> expires_at;
};
BOOST_DESCRIBE_STRUCT(ReachView, (),
                      (key_id, key_name, service_account, role, scopes, through, group_id, status,
                       addresses, expires_at))
constexpr auto schema_facts(const ReachView*) {
  return std::to_array<json::Fact>({
      {"role", R"("enum":["member","admin","owner"])"},
      {"through", R"("enum":["tenant","binding","group"])"},
      {"status", R"("enum":["active","expired"])"},
  });
}

struct ExplanationView {
  std::string type;
  std::optional<Uuid> id;
  std::optional<std::string> name;
  std::vector<ReachView> keys;
};
BOOST_DESCRIBE_STRUCT(ExplanationView, (), (type, id, name, keys))

Status may_block(const Call& call) {
  if (!call.may_block()) return fail(Code::kWouldBlock, "access is read from the store");
  return {};
}

ReachView view_of(Reach reach, WallTime now) {
  const ApiKeyRecord& key = reach.key;
  return {.key_id = key.id,
          .key_name = key.name,
          .service_account = key.account_name,
          .role = base::to_string(key.role),
          .scopes = std::move(reach.scopes),
          .through = std::move(reach.through),
          .group_id = reach.group,
          .status = key.expires_at && *key.expires_at <= now ? "expired" : "active",
          .addresses = key.addresses,
          .expires_at = key.expires_at};
}

Result<Reply> explain(AccessService& service, Call& call) {
  TRY(may_block(call));
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  const std::string type(query.text("type").value_or(""));
  const auto id_text = query.text("id");
  const auto id = id_text ? Uuid::parse(*id_text) : Result<Uuid>(Uuid{});
  if (!id) return base::fail_field("id", "is no UUID");
  TRY_ASSIGN(Explanation what,
             service.explain(call.principal(), type, *id, query.text("name").value_or("")));
  AuditEvent event = call.event();
  event.resource_type = type;
  event.resource = what.resource;
  event.resource_name = what.name;
  call.audit(std::move(event));
  ExplanationView view{.type = type, .id = {}, .name = {}, .keys = {}};
  if (!what.resource.is_nil()) view.id = what.resource;
  if (!what.name.empty()) view.name = what.name;
  for (Reach& reach : what.reaches) view.keys.push_back(view_of(std::move(reach), call.now()));
  return Reply::json(call.request(), view);
}

}  // namespace

std::vector<Route> explain_routes(AccessService& service) {
  return {
      {.method = Method::kGet,
       .path = "/access/explain",
       .summary = "Show which API keys reach a secret, a key or an identity, and through what.",
       .handler = [&service](Call& call) { return explain(service, call); },
       .scope = "apikeys:read",
       .action = "access.explain",
       .category = kCategory,
       .reply_schema = http::schema<ExplanationView>(),
       .parameters = {{.name = "type",
                       .schema = R"({"type":"string","enum":["secret","key","identity"]})",
                       .required = true},
                      {"id", R"({"type":"string","format":"uuid"})"},
                      {"name", R"({"type":"string"})", "Where there is no id"}},
       .refusals = {404}},
  };
}

}  // namespace quantumapi::access
