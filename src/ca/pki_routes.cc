// /pki: the routes of the published clients, as they are.
#include "base/json_request.h"
#include "ca/authority_wire.h"
#include "ca/certificate_wire.h"
#include "ca/lifetime.h"
#include "ca/route_parts.h"
#include "x509/issue.h"

namespace quantumapi::ca {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

Result<Reply> issue(CaService& service, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<PkiIssueRequest>(call.request().body, call.arena()));
  if (!check_identity_name(request.common_name))
    return fail_field("commonName", "is the name of a service identity");
  call.concern("identity", identity_id(call.principal().tenant, request.common_name).uuid,
               std::string(request.common_name));
  std::optional<std::chrono::seconds> lifetime;
  if (request.ttl) {
    TRY_ASSIGN(lifetime, parse_lifetime("ttl", *request.ttl));
  }
  const auto type = x509::parse_key_type(request.key_type.value_or("ml-dsa-65"));
  if (!type) return fail_field("keyType", "is ML-DSA-65 or ECDSA-P256");
  TRY_ASSIGN(const auto made, service.issue_with_key(call.principal(), request.common_name, *type,
                                                     lifetime, call.event()));
  call.recorded();
  const Issued& issued = made.issued;
  PkiIssueReply reply;
  reply.data = {
      .certificate_pem = x509::certificate_pem(issued.certificate) + pem_of(issued.intermediates),
      .private_key_pem = made.private_key_pem.reveal_text(SecretAccess()),
      .expiration = issued.record.not_after,
      .serial_number = serial_hex(issued.record.id),
      .ca_pem = pem_of(issued.roots)};
  // Published clients read either spelling, and only these routes' do.
  return Reply::json(call.request(), reply, json::Naming::kCamelAndSnake, 200, 64 * 1024);
}

Result<Reply> root_pem(CaService& service, Call& call) {
  TRY_ASSIGN(const Authority root, service.direct_root(call.principal().tenant));
  call.concern("ca", root.id.uuid, root.name);
  call.audit(call.event());
  return Reply::text(x509::certificate_pem(root.certificate), "application/x-pem-file");
}

}  // namespace

std::vector<Route> pki_routes(CaService& service) {
  return {
      {.method = Method::kPost,
       .path = "/pki/issue",
       .summary = "Issue a certificate with a key made here, answered once and kept nowhere.",
       .handler = on_pool(service, issue),
       .scope = "certificates:issue",
       .action = "certificate.issue",
       .category = kCategory,
       .body_limit = kSmallBody,
       .request_schema = http::schema<PkiIssueRequest>(),
       .reply_schema = http::schema<PkiIssueReply>(),
       .refusals = {404, 409}},
      {.method = Method::kGet,
       .path = "/pki/ca/pem",
       .summary = "Give the root that certificates of /pki/issue hang on, as PEM.",
       .handler = on_pool(service, root_pem),
       .action = "ca.read",
       .category = kCategory,
       .reply_type = "application/x-pem-file",
       .refusals = {404}},
  };
}

}  // namespace quantumapi::ca
