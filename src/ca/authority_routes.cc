// /cas and /certificate-policy.
#include "base/json_request.h"
#include "ca/authority_wire.h"
#include "ca/lifetime.h"
#include "ca/route_parts.h"
#include "crypto/hash.h"
#include "x509/crl.h"

namespace quantumapi::ca {
namespace {

using http::Access;
using http::Call;
using http::Method;
using http::Reply;
using http::Route;

constexpr std::string_view kMissing = "there is no such certificate authority";
constexpr std::string_view kPem = "application/x-pem-file";

void concern(Call& call, const Authority& authority) {
  call.concern("ca", authority.id.uuid, authority.name);
}

Result<Reply> create(CaService& service, Call& call) {
  TRY_ASSIGN(auto request,
             json::decode_request<CreateAuthorityRequest>(call.request().body, call.arena()));
  CaService::NewAuthority wanted;
  wanted.name = std::move(request.name);
  wanted.direct = request.direct.value_or(false);
  wanted.classical = request.classical.value_or(false);
  wanted.set_default = request.set_default.value_or(false);
  TRY_ASSIGN(const auto made, service.create_authority(call.principal(), wanted, call.event()));
  call.recorded();
  const Authority& issuer = made.chain.front();
  AuthorityReply reply = reply_of(issuer, made.policy, call.now());
  reply.chain_pem = chain_pem(made.chain);
  Reply answer = Reply::json(call.request(), reply, json::Naming::kCamel, 201);
  answer.headers.emplace_back("Location", "/api/v1/cas/" + issuer.id.to_string());
  return answer;
}

Result<Reply> list(CaService& service, Call& call) {
  TRY_ASSIGN(const auto all, service.list_authorities(call.principal()));
  TRY_ASSIGN(const Policy decided, service.policy(call.principal()));
  AuthorityListReply reply;
  for (const Authority& one : all) reply.cas.push_back(reply_of(one, decided, call.now()));
  reply.total = std::ssize(reply.cas);
  call.audit(call.event());
  return Reply::json(call.request(), reply);
}

Result<Reply> find(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<AuthorityId>(call, kMissing));
  TRY_ASSIGN(const auto chain, service.find_authority(call.principal(), id));
  concern(call, chain.front());
  TRY_ASSIGN(const Policy decided, service.policy(call.principal()));
  AuthorityReply reply = reply_of(chain.front(), decided, call.now());
  reply.chain_pem = chain_pem(chain);
  call.audit(call.event());
  return Reply::json(call.request(), reply);
}

Result<Reply> renew(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<AuthorityId>(call, kMissing));
  TRY_ASSIGN(const auto made, service.renew_authority(call.principal(), id, call.event()));
  call.recorded();
  const AuthorityReply reply = reply_of(made.chain.front(), made.policy, call.now());
  return Reply::json(call.request(), reply, json::Naming::kCamel, 201);
}

Result<Reply> pem(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<AuthorityId>(call, kMissing));
  TRY_ASSIGN(const auto chain, service.public_chain(id));
  Reply reply = Reply::text(chain_pem(chain), kPem);
  reply.headers.emplace_back("Cache-Control", "public, max-age=3600");  // it never changes
  return reply;
}

Result<Reply> issuers(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<AuthorityId>(call, kMissing));
  TRY_ASSIGN(const auto found, service.issuers(id));
  IssuerListReply reply;
  for (const Authority& one : found) reply.issuers.push_back(public_reply_of(one));
  return Reply::json(call.request(), reply);
}

// names_etag is true when If-None-Match lists the tag, or "*" (RFC 9110 section 13.1.2).
bool names_etag(const http::Request& request, std::string_view tag) {
  std::string_view list = request.header("if-none-match").value_or("");
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == tag) return true;
  }
  return false;
}

Result<bool> wants_pem(const Call& call) {
  if (call.request().query.empty()) return false;
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  const std::string_view format = query.text("format").value_or("der");
  if (format != "der" && format != "pem") return fail_field("format", "is der or pem");
  return format == "pem";
}

// The tag is that of the octets: each list is signed once and kept.
Result<Reply> revocation_list(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<AuthorityId>(call, kMissing));
  TRY_ASSIGN(const bool as_pem, wants_pem(call));
  TRY_ASSIGN(const auto row, service.revocation_list(id, call.may_block()));
  const std::string tag = '"' + std::to_string(row->number) + '-' +
                          std::to_string(row->this_update.seconds()) + (as_pem ? "-pem\"" : "\"");
  Reply reply = Reply::empty(304);
  if (!names_etag(call.request(), tag))
    reply = as_pem ? Reply::text(x509::crl_pem(row->der), kPem)
                   : Reply::text(as_text(row->der), "application/pkix-crl");
  reply.headers.emplace_back("ETag", tag);
  reply.headers.emplace_back("Cache-Control", "no-cache");  // ask each time; 304 costs nothing
  return reply;
}

Result<Reply> policy(CaService& service, Call& call) {
  TRY_ASSIGN(const Policy found, service.policy(call.principal()));
  call.concern("tenant", call.principal().tenant.uuid, {});
  call.audit(call.event());
  return Reply::json(call.request(), reply_of(found));
}

Result<Reply> update_policy(CaService& service, Call& call) {
  TRY_ASSIGN(auto request,
             json::decode_request<UpdatePolicyRequest>(call.request().body, call.arena()));
  CaService::PolicyUpdate update{.server_keys = request.server_keys,
                                 .trust_domain = std::move(request.trust_domain),
                                 .issuer = request.issuer_id,
                                 .classical_issuer = request.classical_issuer_id,
                                 .min_lifetime = {}};
  update.servers_min_lifetime = request.min_ttl == "default";
  if (request.min_ttl && !update.servers_min_lifetime) {
    TRY_ASSIGN(update.min_lifetime, parse_lifetime("minTtl", *request.min_ttl));
  }
  TRY_ASSIGN(const Policy changed, service.update_policy(call.principal(), update, call.event()));
  call.recorded();
  return Reply::json(call.request(), reply_of(changed));
}

}  // namespace

std::vector<Route> authority_routes(CaService& service) {
  return {
      {.method = Method::kPost,
       .path = "/cas",
       .summary = "Make a certificate authority: a root, and below it an issuer unless direct.",
       .handler = on_pool(service, create),
       .scope = "ca:write",
       .action = "ca.create",
       .category = kCategory,
       .body_limit = kSmallBody,
       .request_schema = http::schema<CreateAuthorityRequest>(),
       .reply_schema = http::schema<AuthorityReply>(),
       .success = 201,
       .refusals = {409}},
      {.method = Method::kGet,
       .path = "/cas",
       .summary = "List the tenant's certificate authorities, the oldest first.",
       .handler = on_pool(service, list),
       .scope = "ca:read",
       .action = "ca.list",
       .category = kCategory,
       .reply_schema = http::schema<AuthorityListReply>()},
      {.method = Method::kGet,
       .path = "/cas/{id}",
       .summary = "Show a certificate authority with its chain.",
       .handler = on_pool(service, find),
       .scope = "ca:read",
       .action = "ca.read",
       .category = kCategory,
       .reply_schema = http::schema<AuthorityReply>()},
      {.method = Method::kPost,
       .path = "/cas/{id}/renew",
       .summary = "Put a new intermediate below the same root in an intermediate's place.",
       .handler = on_pool(service, renew),
       .scope = "ca:write",
       .action = "ca.renew",
       .category = kCategory,
       .body_limit = kSmallBody,
       .reply_schema = http::schema<AuthorityReply>(),
       .success = 201,
       .refusals = {409}},
      {.method = Method::kGet,
       .path = "/cas/{id}/pem",
       .summary = "Give the authority's certificate and those above it as PEM, to anyone.",
       .handler = on_pool(service, pem),
       .access = Access::kOpen,
       .reply_type = kPem,
       .refusals = {503}},
      {.method = Method::kGet,
       .path = "/cas/{id}/issuers",
       .summary = "Lists, to anyone, the authorities of the same tenant that issue.",
       .handler = on_pool(service, issuers),
       .access = Access::kOpen,
       .reply_schema = http::schema<IssuerListReply>()},
      {.method = Method::kGet,
       .path = "/cas/{id}/crl",
       .summary = "Give the authority's revocation list as DER or ?format=pem, to anyone.",
       .handler = [&service](Call& call) { return revocation_list(service, call); },
       .access = Access::kOpen,
       .pure = true,
       .parameters = {{"format", R"({"type":"string","enum":["der","pem"],"default":"der"})"}},
       .reply_type = "application/pkix-crl, application/x-pem-file",
       .refusals = {503},
       .further = {304}},
      {.method = Method::kGet,
       .path = "/certificate-policy",
       .summary = "Show what the tenant decided about its certificates.",
       .handler = on_pool(service, policy),
       .scope = "ca:read",
       .action = "ca.policy_read",
       .category = kCategory,
       .reply_schema = http::schema<PolicyReply>()},
      {.method = Method::kPatch,
       .path = "/certificate-policy",
       .summary = "Change what the tenant decided about its certificates; for owners.",
       .handler = on_pool(service, update_policy),
       .scope = "ca:write",
       .action = "ca.policy_update",
       .category = kCategory,
       .body_limit = kSmallBody,
       .request_schema = http::schema<UpdatePolicyRequest>(),
       .reply_schema = http::schema<PolicyReply>(),
       .refusals = {404, 409}},
  };
}

}  // namespace quantumapi::ca
