// /service-identities.
#include "base/json_request.h"
#include "ca/identity_wire.h"
#include "ca/route_parts.h"

namespace quantumapi::ca {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

constexpr std::string_view kMissing = "there is no such service identity";

Result<Reply> create(CaService& service, Call& call) {
  TRY_ASSIGN(auto request,
             json::decode_request<CreateIdentityRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const auto wanted, identity_of(std::move(request)));
  TRY_ASSIGN(const Identity made, service.create_identity(call.principal(), wanted, call.event()));
  call.recorded();
  Reply answer = Reply::json(call.request(), reply_of(made), json::Naming::kCamel, 201);
  answer.headers.emplace_back("Location", "/api/v1/service-identities/" + made.id.to_string());
  return answer;
}

Result<Reply> list(CaService& service, Call& call) {
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const Paging paging, Paging::of(query));
  TRY_ASSIGN(const auto page,
             service.list_identities(call.principal(), paging.offset(), paging.page_size));
  IdentityListReply reply{.service_identities = {},
                          .total = page.total,
                          .page = paging.page,
                          .page_size = paging.page_size,
                          .has_more = page.has_more};
  for (const Identity& one : page.identities) reply.service_identities.push_back(reply_of(one));
  call.audit(call.event());
  return Reply::json(call.request(), reply);
}

Result<Reply> find(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<IdentityId>(call, kMissing));
  TRY_ASSIGN(const Identity found, service.find_identity(call.principal(), id));
  call.concern("identity", id.uuid, found.name);
  call.audit(call.event());
  return Reply::json(call.request(), reply_of(found));
}

Result<Reply> update(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<IdentityId>(call, kMissing));
  TRY_ASSIGN(auto request,
             json::decode_request<UpdateIdentityRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const auto wanted, update_of(std::move(request)));
  TRY_ASSIGN(const Identity changed,
             service.update_identity(call.principal(), id, wanted, call.event()));
  call.recorded();
  return Reply::json(call.request(), reply_of(changed));
}

Result<Reply> remove(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<IdentityId>(call, kMissing));
  TRY(service.remove_identity(call.principal(), id, call.event()));
  call.recorded();
  return Reply::empty();
}

}  // namespace

std::vector<Route> identity_routes(CaService& service) {
  return {
      {.method = Method::kPost,
       .path = "/service-identities",
       .summary = "Say which service account may hold certificates of which names.",
       .handler = on_pool(service, create),
       .scope = "ca:write",
       .action = "identity.create",
       .category = kCategory,
       .body_limit = kSmallBody,
       .request_schema = http::schema<CreateIdentityRequest>(),
       .reply_schema = http::schema<IdentityReply>(),
       .success = 201,
       .refusals = {404, 409}},
      {.method = Method::kGet,
       .path = "/service-identities",
       .summary = "List the tenant's service identities by name.",
       .handler = on_pool(service, list),
       .scope = "ca:read",
       .action = "identity.list",
       .category = kCategory,
       .reply_schema = http::schema<IdentityListReply>(),
       .parameters = {http::kPageParameter, http::kPageSizeParameter}},
      {.method = Method::kGet,
       .path = "/service-identities/{id}",
       .summary = "Show a service identity.",
       .handler = on_pool(service, find),
       .scope = "ca:read",
       .action = "identity.read",
       .category = kCategory,
       .reply_schema = http::schema<IdentityReply>()},
      {.method = Method::kPatch,
       .path = "/service-identities/{id}",
       .summary = "Change what certificates of an identity may say from now on.",
       .handler = on_pool(service, update),
       .scope = "ca:write",
       .action = "identity.update",
       .category = kCategory,
       .body_limit = kSmallBody,
       .request_schema = http::schema<UpdateIdentityRequest>(),
       .reply_schema = http::schema<IdentityReply>(),
       .refusals = {409}},
      {.method = Method::kDelete,
       .path = "/service-identities/{id}",
       .summary = "End issuing for an identity; its certificates stay until they end.",
       .handler = on_pool(service, remove),
       .scope = "ca:write",
       .action = "identity.delete",
       .category = kCategory,
       .success = 204},
  };
}

}  // namespace quantumapi::ca
