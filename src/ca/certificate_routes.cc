// /certificates.
#include "base/encoding.h"
#include "base/json_request.h"
#include "ca/certificate_wire.h"
#include "ca/lifetime.h"
#include "ca/route_parts.h"
#include "x509/issue.h"
#include "x509/server_identity.h"

namespace quantumapi::ca {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

constexpr std::string_view kMissing = "there is no such certificate";

Result<std::optional<std::chrono::seconds>> lifetime_of(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  TRY_ASSIGN(const auto lifetime, parse_lifetime("ttl", *text));
  return lifetime;
}

// concern_identity lets a refusal say whose certificate was asked for.
void concern_identity(Call& call, std::string_view text) {
  const auto id = IdentityId::parse(text);
  const TenantId tenant = call.principal().tenant;
  if (id)
    call.concern("identity", id->uuid, {});
  else if (check_identity_name(text))
    call.concern("identity", identity_id(tenant, text).uuid, std::string(text));
}

Result<Reply> answer_issued(Call& call, const Issued& issued) {
  call.recorded();
  constexpr std::size_t kExpected = 40'000;  // two chains of ML-DSA certificates
  Reply answer = Reply::json(call.request(), reply_of(issued, call.now()), json::Naming::kCamel,
                             201, kExpected);
  answer.headers.emplace_back("Location", "/api/v1/certificates/" + issued.record.id.to_string());
  return answer;
}

Result<Reply> issue(CaService& service, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<IssueRequest>(call.request().body, call.arena()));
  const std::string_view identity = request.identity.value_or("");
  concern_identity(call, identity);
  TRY_ASSIGN(const auto lifetime, lifetime_of(request.ttl));
  const CaService::Order order{identity, request.csr, lifetime};
  TRY_ASSIGN(const Issued issued, service.issue(call.principal(), order, call.event()));
  return answer_issued(call, issued);
}

Result<Reply> renew(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<CertificateId>(call, kMissing));
  TRY_ASSIGN(const auto request,
             json::decode_request<RenewRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const auto lifetime, lifetime_of(request.ttl));
  const CaService::Order order{{}, request.csr, lifetime};
  TRY_ASSIGN(const Issued issued, service.renew(call.principal(), id, order, call.event()));
  return answer_issued(call, issued);
}

// presented reads the certificate of the number that a revocation names.
Result<CaService::Presented> presented(std::string_view pem, CertificateId id) {
  auto der = x509::certificate_der(pem);
  const auto info = x509::describe_certificate(pem);
  if (!der || !info) return fail_field("certificate", "is no certificate in PEM");
  if (info->is_ca) return fail_field("certificate", "is an authority's, which can't be revoked");
  if (info->serial_hex != serial_hex(id))
    return fail_field("certificate", "has another serial number: " + info->serial_hex);
  return CaService::Presented{*std::move(der), info->not_after};
}

Result<Reply> revoke(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<CertificateId>(call, kMissing));
  TRY_ASSIGN(const auto request,
             json::decode_request<RevokeRequest>(call.request().body, call.arena()));
  CaService::Revocation wanted{.id = id};
  if (request.certificate) {
    TRY_ASSIGN(wanted.presented, presented(*request.certificate, id));
  }
  if (request.reason) {
    const auto known = x509::parse_revocation_reason(*request.reason);
    if (!known) return fail_field("reason", known.error().message);
    wanted.reason = *known;
  }
  TRY_ASSIGN(const Certificate revoked, service.revoke(call.principal(), wanted, call.event()));
  call.recorded();
  return Reply::json(call.request(), reply_of(revoked, call.now()));
}

// serial_of reads a serial number, or the id.
Result<CertificateId> serial_of(std::string_view text) {
  if (const auto id = CertificateId::parse(text)) return *id;
  const auto serial = x509::parse_serial(text);
  if (!serial) return fail_field("serial", "is 1 to 32 hexadecimal digits");
  return CertificateId{Uuid{*serial}};
}

Result<Reply> list(CaService& service, Call& call) {
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const Paging paging, Paging::of(query));
  CaService::Filter filter;
  filter.offset = paging.offset();
  filter.limit = paging.page_size;
  if (const auto status = query.text("status")) filter.status = std::string(*status);
  if (const auto identity = query.text("identity")) filter.identity = std::string(*identity);
  if (const auto serial = query.text("serial")) {
    TRY_ASSIGN(filter.serial, serial_of(*serial));
  }
  TRY_ASSIGN(filter.expires_after, query.time("expiresAfter"));
  TRY_ASSIGN(filter.expires_before, query.time("expiresBefore"));
  TRY_ASSIGN(const auto page, service.list(call.principal(), filter));
  CertificateListReply reply{.certificates = {},
                             .total = page.total,
                             .page = paging.page,
                             .page_size = paging.page_size,
                             .has_more = page.has_more};
  for (const Certificate& one : page.certificates)
    reply.certificates.push_back(reply_of(one, call.now()));
  call.audit(call.event());
  return Reply::json(call.request(), reply);
}

Result<Reply> find(CaService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter<CertificateId>(call, kMissing));
  TRY_ASSIGN(const auto found, service.find(call.principal(), id));
  call.concern("certificate", id.uuid, found.record.identity_name);
  CertificateReply reply = reply_of(found.record, call.now());
  if (!found.certificate.empty()) {
    reply.certificate_pem = x509::certificate_pem(found.certificate);
    reply.chain_pem = *reply.certificate_pem + pem_of(found.intermediates);
  }
  call.audit(call.event());
  return Reply::json(call.request(), reply);
}

}  // namespace

std::vector<Route> certificate_routes(CaService& service) {
  return {
      {.method = Method::kPost,
       .path = "/certificates",
       .summary = "Issue a certificate for the caller's identity by a certificate request.",
       .handler = on_pool(service, issue),
       .scope = "certificates:issue",
       .action = "certificate.issue",
       .category = kCategory,
       .body_limit = kSmallBody,
       .request_schema = http::schema<IssueRequest>(),
       .reply_schema = http::schema<CertificateReply>(),
       .success = 201,
       .refusals = {404, 409}},
      {.method = Method::kGet,
       .path = "/certificates",
       .summary = "List certificates by identity, serial, status and end.",
       .handler = on_pool(service, list),
       .scope = "certificates:read",
       .action = "certificate.list",
       .category = kCategory,
       .reply_schema = http::schema<CertificateListReply>(),
       .parameters = {http::kPageParameter,
                      http::kPageSizeParameter,
                      {"identity", R"({"type":"string"})", "Name or id"},
                      {"serial", R"({"type":"string"})", "Hexadecimal digits, or the id"},
                      {"status",
                       R"({"type":"string","enum":["pending","active","expired","revoked"]})"},
                      {"expiresAfter", R"({"type":"string","format":"date-time"})"},
                      {"expiresBefore", R"({"type":"string","format":"date-time"})"}},
       .refusals = {404}},
      {.method = Method::kGet,
       .path = "/certificates/{id}",
       .summary = "Show a certificate.",
       .handler = on_pool(service, find),
       .scope = "certificates:read",
       .action = "certificate.read",
       .category = kCategory,
       .reply_schema = http::schema<CertificateReply>()},
      {.method = Method::kPost,
       .path = "/certificates/{id}/renew",
       .summary = "Issue the next certificate of the same identity, for a new key.",
       .handler = on_pool(service, renew),
       .scope = "certificates:issue",
       .action = "certificate.renew",
       .category = kCategory,
       .body_limit = kSmallBody,
       .request_schema = http::schema<RenewRequest>(),
       .reply_schema = http::schema<CertificateReply>(),
       .success = 201,
       .refusals = {409}},
      {.method = Method::kPost,
       .path = "/certificates/{id}/revoke",
       .summary = "Revoke a certificate for good.",
       .handler = on_pool(service, revoke),
       .scope = "certificates:revoke",
       .action = "certificate.revoke",
       .category = kCategory,
       .body_limit = kSmallBody,
       .request_schema = http::schema<RevokeRequest>(),
       .reply_schema = http::schema<CertificateReply>(),
       .refusals = {409}},
  };
}

}  // namespace quantumapi::ca
