// The certificate authority.
#include "quantumapi/certificates.h"

#include "client/transport.h"
#include "client/wire.h"

namespace quantumapi::sdk {
namespace {

using Pointer = Transport::AnswerPointer;

constexpr std::string_view kCertificates = "/api/v1/certificates";

Result<std::string> below(std::string_view id, std::string_view rest = {}) {
  return path_below(kCertificates, "id", id, rest);
}

constexpr int kNotModified = 304;

Result<std::string> authority(std::string_view id, std::string_view rest) {
  return path_below("/api/v1/cas", "authority_id", id, rest);
}

// lifetime_of is an order's as the platform reads it; absent: the identity's own.
Result<std::optional<std::string>> lifetime_of(const CertificateOrder& order) {
  if (order.lifetime.count() < 0) return invalid_field("lifetime", "must not be negative");
  if (order.lifetime.count() == 0) return std::nullopt;
  return std::to_string(order.lifetime.count()) + "s";
}

Certificate certificate_of(const wire::Certificate& in) {
  Certificate out;
  out.id = in.id;
  out.serial_number = in.serial_number;
  out.identity = in.identity;
  out.status = in.status;
  out.key_type = in.key_type;
  out.spiffe_id = in.spiffe_id.value_or("");
  out.authority_id = in.ca_id;
  out.not_before = in.not_before;
  out.not_after = in.not_after;
  out.created_at = in.created_at.value_or("");
  out.revoked_at = in.revoked_at.value_or("");
  out.dns_names = in.dns_names.value_or(std::vector<std::string>());
  out.chain_pem = in.chain_pem.value_or("");
  out.roots_pem = in.ca_pem.value_or("");
  return out;
}

}  // namespace

Result<Certificate> Certificates::issue(const CertificateOrder& order) const {
  wire::CertificateOrder body{.identity = order.identity, .csr = order.request_pem, .ttl = {}};
  TRY_ASSIGN(body.ttl, lifetime_of(order));
  Pointer answer;
  TRY_ASSIGN(const auto made,
             transport_->ask<wire::Certificate>(
                 {.method = http::Method::kPost, .path = std::string(kCertificates)}, body, call_,
                 answer));
  return certificate_of(made);
}

Result<Certificate> Certificates::renew(std::string_view id, const CertificateOrder& order) const {
  wire::CertificateRenewal body{.csr = order.request_pem, .ttl = {}};
  TRY_ASSIGN(body.ttl, lifetime_of(order));
  TRY_ASSIGN(std::string path, below(id, "/renew"));
  Pointer answer;
  TRY_ASSIGN(const auto made,
             transport_->ask<wire::Certificate>(
                 {.method = http::Method::kPost, .path = std::move(path)}, body, call_, answer));
  return certificate_of(made);
}

Result<Certificate> Certificates::get(std::string_view id) const {
  TRY_ASSIGN(std::string path, below(id));
  Pointer answer;
  TRY_ASSIGN(const auto found, transport_->get<wire::Certificate>(std::move(path), call_, answer));
  return certificate_of(found);
}

Result<Certificate> Certificates::revoke(std::string_view id, std::string_view reason) const {
  wire::Revocation body;
  if (!reason.empty()) body.reason = reason;
  TRY_ASSIGN(std::string path, below(id, "/revoke"));
  Pointer answer;
  TRY_ASSIGN(const auto revoked,
             transport_->ask<wire::Certificate>(
                 {.method = http::Method::kPost, .path = std::move(path)}, body, call_, answer));
  return certificate_of(revoked);
}

Result<std::vector<Issuer>> Certificates::issuers(std::string_view authority_id) const {
  TRY_ASSIGN(std::string path, authority(authority_id, "/issuers"));
  Pointer answer;
  TRY_ASSIGN(const auto found, transport_->get<wire::IssuerList>(std::move(path), call_, answer));
  std::vector<Issuer> issuers;
  for (const wire::Issuer& issuer : found.issuers)
    issuers.push_back({std::string(issuer.id), std::string(issuer.certificate_pem)});
  return issuers;
}

Result<std::optional<RevocationList>> Certificates::revocation_list(std::string_view authority_id,
                                                                    std::string_view etag) const {
  TRY_ASSIGN(std::string path, authority(authority_id, "/crl"));
  Request request{.path = std::move(path), .effect = Effect::kNone};
  if (!etag.empty()) request.headers.emplace_back("If-None-Match", etag);
  const auto answer = transport_->send(std::move(request), call_);
  if (!answer && answer.error().status == kNotModified) return std::nullopt;
  if (!answer) return std::unexpected(answer.error());
  const http::ClientResponse& response = (*answer)->response;
  return RevocationList{.etag = std::string(response.header("ETag").value_or("")),
                        .der = std::string((*answer)->body())};
}

}  // namespace quantumapi::sdk
