#include "access/tenant_routes.h"

#include "base/json_request.h"

namespace quantumapi::access {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

constexpr std::string_view kCategory = "access";

struct TenantView {
  TenantId id;
  std::string name;
  std::string environment;                  // "Development" | "Staging" | "Production"
  std::optional<std::string_view> api_key;  // its first owner's, in the answer to its making only
};
BOOST_DESCRIBE_STRUCT(TenantView, (), (id, name, environment, api_key))
constexpr auto schema_facts(const TenantView*) {
  return std::to_array<json::Fact>({
      {"environment", R"("enum":["Development","Staging","Production"])"},
  });
}

struct TenantList {
  std::vector<TenantView> tenants;
};
BOOST_DESCRIBE_STRUCT(TenantList, (), (tenants))

struct CreateTenantRequest {
  std::string name;
  std::optional<std::string> environment;
  std::optional<std::string> owner;
};
BOOST_DESCRIBE_STRUCT(CreateTenantRequest, (), (name, environment, owner))
constexpr auto schema_facts(const CreateTenantRequest*) {
  return std::to_array<json::Fact>({
      {"name", R"("minLength":1,"maxLength":100)"},
      {"environment", R"("enum":["Development","Staging","Production"],"default":"Development")"},
      {"owner", R"("minLength":1,"maxLength":100,"default":"owner")"},
  });
}

Status may_block(const Call& call) {
  if (!call.may_block()) return fail(Code::kWouldBlock, "tenants are read from the store");
  return {};
}

TenantView view_of(const AccessService::Tenant& tenant) {
  return {tenant.id, tenant.name, tenant.environment, {}};
}

AuditEvent about(AuditEvent event, const AccessService::Tenant& tenant) {
  event.resource_type = "tenant";
  event.resource = tenant.id.uuid;
  event.resource_name = tenant.name;
  return event;
}

Result<Reply> current(AccessService& service, Call& call) {
  TRY(may_block(call));
  if (call.principal().role != Role::kOwner)
    return fail(Code::kPermissionDenied, "only owners see their tenant", "insufficient_scope");
  TRY_ASSIGN(const auto tenant, service.find_tenant(call.principal().tenant));
  call.audit(about(call.event(), tenant));
  return Reply::json(call.request(), view_of(tenant));
}

Result<Reply> list(AccessService& service, Call& call) {
  TRY(may_block(call));
  TRY_ASSIGN(const auto tenants, service.list_tenants(call.principal()));
  TenantList reply;
  for (const auto& tenant : tenants) reply.tenants.push_back(view_of(tenant));
  call.audit(call.event());
  return Reply::json(call.request(), reply);
}

Result<Reply> create(AccessService& service, Call& call) {
  TRY(may_block(call));
  const auto request = json::decode_request<CreateTenantRequest>(call.request().body, call.arena());
  if (!request) return std::unexpected(request.error());
  TRY(service.check_operator(call.principal()));
  const AccessService::NewTenant wanted{.name = request->name,
                                        .environment = request->environment.value_or("Development"),
                                        .owner = request->owner.value_or("owner")};
  TRY_ASSIGN(const auto made, service.create_tenant(wanted, call.event()));
  call.recorded();
  TenantView view = view_of(made.tenant);
  view.api_key = made.owner_key.text.reveal_text(SecretAccess{});
  return Reply::json(call.request(), view, json::Naming::kCamel, 201);
}

Route route(Method method, std::string_view path, std::string_view summary, std::string_view action,
            Result<Reply> (*handler)(AccessService&, Call&), AccessService& service) {
  Route route;
  route.method = method;
  route.path = path;
  route.summary = summary;
  route.handler = [handler, &service](Call& call) { return handler(service, call); };
  route.action = action;
  route.category = kCategory;
  return route;
}

}  // namespace

std::vector<Route> tenant_routes(AccessService& service) {
  Route shown = route(Method::kGet, "/tenants/current",
                      "Show the tenant of the presented API key to its owners.", "tenant.read",
                      current, service);
  shown.reply_schema = http::schema<TenantView>();
  Route listed = route(Method::kGet, "/tenants", "List the tenants, to the platform's operators.",
                       "tenant.list", list, service);
  listed.scope = "tenants:read";
  listed.reply_schema = http::schema<TenantList>();
  Route made =
      route(Method::kPost, "/tenants",
            "Make a tenant and its first owner's key, shown once; for the platform's operators.",
            "tenant.create", create, service);
  made.scope = "tenants:write";
  made.request_schema = http::schema<CreateTenantRequest>();
  made.reply_schema = http::schema<TenantView>();
  made.success = 201;
  made.refusals = {409};
  return {std::move(shown), std::move(listed), std::move(made)};
}

}  // namespace quantumapi::access
