#include "ca/wire.h"

#include <algorithm>

#include "ca/lifetime.h"
#include "x509/issue.h"

namespace quantumapi::ca {
namespace {

constexpr std::string_view kClientAuth = "clientAuth";
constexpr std::string_view kServerAuth = "serverAuth";

std::string crl_path(AuthorityId id) {
  return id.is_nil() ? "" : "/api/v1/cas/" + id.to_string() + "/crl";
}

Result<std::vector<x509::KeyType>> types_of(const std::vector<std::string>& names) {
  std::vector<x509::KeyType> types;
  for (const std::string& name : names) {
    const auto type = x509::parse_key_type(name);
    if (!type) return fail_field("keyTypes", std::string(kKeyTypesFault));
    types.push_back(*type);
  }
  return types;
}

struct Usages {
  bool client = false;
  bool server = false;
};

Result<Usages> usages_of(const std::vector<std::string>& names) {
  Usages usages;
  for (const std::string& name : names) {
    if (name != kClientAuth && name != kServerAuth)
      return fail_field("usages", "are clientAuth, serverAuth or both");
    (name == kClientAuth ? usages.client : usages.server) = true;
  }
  return usages;
}

Result<std::optional<std::chrono::seconds>> optional_lifetime(
    std::string_view field, const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  TRY_ASSIGN(const auto lifetime, parse_lifetime(field, *text));
  return lifetime;
}

template <typename T>
std::optional<std::vector<T>> unless_empty(const std::vector<T>& list) {
  return list.empty() ? std::nullopt : std::optional(list);
}

}  // namespace

std::string pem_of(const std::vector<Bytes>& certificates) {
  std::string pem;
  for (const Bytes& der : certificates) pem += x509::certificate_pem(der);
  return pem;
}

std::string chain_pem(const std::vector<Authority>& chain) {
  std::string pem;
  for (const Authority& one : chain) pem += x509::certificate_pem(one.certificate);
  return pem;
}

AuthorityReply reply_of(const Authority& authority, const Policy& policy, WallTime now) {
  return {.id = authority.id,
          .name = authority.name,
          .type = authority.parent ? "intermediate" : "root",
          .issues = authority.issues,
          .in_force = policy.issuer == authority.id || policy.classical_issuer == authority.id ||
                      policy.direct_issuer == authority.id,
          .parent_id = authority.parent,
          .key_type = x509::algorithm(authority.key_type),
          .status = now.seconds() <= authority.not_after.seconds() ? "active" : "expired",
          .not_before = authority.not_before,
          .not_after = authority.not_after,
          .created_at = authority.created_at,
          .certificate_pem = x509::certificate_pem(authority.certificate),
          .chain_pem = {},
          .crl_path = crl_path(authority.id)};
}

IssuerReply public_reply_of(const Authority& authority) {
  return {authority.id, x509::certificate_pem(authority.certificate), crl_path(authority.id)};
}

PolicyReply reply_of(const Policy& policy) {
  return {.server_keys = policy.server_keys,
          .trust_domain = policy.trust_domain,
          .issuer_id = policy.issuer,
          .classical_issuer_id = policy.classical_issuer,
          .direct_issuer_id = policy.direct_issuer,
          .min_ttl = lifetime_text(policy.min_lifetime.value_or(kMinLifetime))};
}

IdentityReply reply_of(const Identity& identity) {
  IdentityReply reply{.id = identity.id,
                      .name = identity.name,
                      .service_account_id = identity.account,
                      .service_account = identity.account_name,
                      .spiffe_id = identity.spiffe_id,
                      .dns_names = identity.dns_names,
                      .addresses = identity.addresses,
                      .key_types = {},
                      .usages = {},
                      .ttl = lifetime_text(identity.lifetime),
                      .max_ttl = lifetime_text(identity.max_lifetime),
                      .created_at = identity.created_at,
                      .updated_at = identity.updated_at};
  for (const x509::KeyType type : identity.key_types)
    reply.key_types.push_back(x509::algorithm(type));
  if (identity.client_auth) reply.usages.push_back(kClientAuth);
  if (identity.server_auth) reply.usages.push_back(kServerAuth);
  return reply;
}

CertificateReply reply_of(const Certificate& certificate, WallTime now) {
  CertificateReply reply{.id = certificate.id,
                         .serial_number = serial_hex(certificate.id),
                         .identity = certificate.identity_name,
                         .identity_id = certificate.identity,
                         .status = status_of(certificate, now),
                         .key_type = x509::algorithm(certificate.key_type),
                         .spiffe_id = {},
                         .dns_names = unless_empty(certificate.names.dns_names),
                         .addresses = unless_empty(certificate.names.addresses),
                         .ca_id = certificate.authority,
                         .not_before = certificate.not_before,
                         .not_after = certificate.not_after,
                         .created_at = certificate.created_at,
                         .server_key = certificate.server_key,
                         .renews = certificate.renews,
                         .revoked_at = certificate.revoked_at,
                         .revocation_reason = {},
                         .certificate_pem = {},
                         .chain_pem = {},
                         .ca_pem = {},
                         .crl_path = crl_path(certificate.authority)};
  if (!certificate.names.uris.empty()) reply.spiffe_id = certificate.names.uris.front();
  if (certificate.revoked_at) reply.revocation_reason = x509::to_string(certificate.reason);
  return reply;
}

CertificateReply reply_of(const Issued& issued, WallTime now) {
  CertificateReply reply = reply_of(issued.record, now);
  reply.certificate_pem = x509::certificate_pem(issued.certificate);
  reply.chain_pem = *reply.certificate_pem + pem_of(issued.intermediates);
  reply.ca_pem = pem_of(issued.roots);
  return reply;
}

Result<CaService::NewIdentity> identity_of(CreateIdentityRequest request) {
  CaService::NewIdentity identity;
  identity.name = std::move(request.name);
  identity.service_account = std::move(request.service_account).value_or("");
  if (request.spiffe_namespace) identity.spiffe_namespace = *std::move(request.spiffe_namespace);
  identity.spiffe_name = std::move(request.spiffe_name).value_or("");
  if (request.dns_names) identity.dns_names = *std::move(request.dns_names);
  if (request.addresses) identity.addresses = *std::move(request.addresses);
  if (request.key_types) {
    TRY_ASSIGN(identity.key_types, types_of(*request.key_types));
  }
  if (request.usages) {
    TRY_ASSIGN(const Usages usages, usages_of(*request.usages));
    identity.client_auth = usages.client;
    identity.server_auth = usages.server;
  }
  TRY_ASSIGN(const auto lifetime, optional_lifetime("ttl", request.ttl));
  TRY_ASSIGN(const auto longest, optional_lifetime("maxTtl", request.max_ttl));
  // One that is given alone moves the other where it must.
  identity.lifetime =
      lifetime.value_or(std::min(kDefaultLifetime, longest.value_or(kDefaultLifetime)));
  identity.max_lifetime = longest.value_or(std::max(kDefaultLifetime, identity.lifetime));
  return identity;
}

Result<CaService::IdentityUpdate> update_of(UpdateIdentityRequest request) {
  CaService::IdentityUpdate update;
  update.service_account = std::move(request.service_account);
  update.dns_names = std::move(request.dns_names);
  update.addresses = std::move(request.addresses);
  if (request.key_types) {
    TRY_ASSIGN(update.key_types, types_of(*request.key_types));
  }
  if (request.usages) {
    TRY_ASSIGN(const Usages usages, usages_of(*request.usages));
    update.client_auth = usages.client;
    update.server_auth = usages.server;
  }
  TRY_ASSIGN(update.lifetime, optional_lifetime("ttl", request.ttl));
  TRY_ASSIGN(update.max_lifetime, optional_lifetime("maxTtl", request.max_ttl));
  return update;
}

}  // namespace quantumapi::ca
