#include "ca/identity_wire.h"

#include <algorithm>

namespace quantumapi::ca {
namespace {

constexpr std::string_view kClientAuth = "clientAuth";
constexpr std::string_view kServerAuth = "serverAuth";

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

}  // namespace

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
