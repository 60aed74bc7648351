// What a tenant decides about its certificates.
#include <algorithm>

#include "ca/impl.h"
#include "ca/lifetime.h"

namespace quantumapi::ca {
namespace {

std::unexpected<Error> owners_only() {
  return fail(Code::kPermissionDenied, "only owners may change the policy of certificates",
              "insufficient_scope");
}

Status check_issuer(const Authority& authority, TenantId tenant, bool classical,
                    std::string_view field) {
  if (authority.tenant != tenant) return no_such_authority();
  if (!authority.issues || x509::is_classical(authority.key_type) != classical)
    return fail_field(std::string(field), classical ? "must name an authority that issues for "
                                                      "ECDSA keys"
                                                    : "must name an authority that issues for "
                                                      "ML-DSA keys");
  return {};
}

Status check_min_lifetime(std::chrono::seconds lifetime, std::chrono::seconds of_server) {
  const auto shortest = std::min(kShortestLifetime, of_server);
  if (lifetime < shortest || lifetime > kLongestMinLifetime)
    return fail_field(
        "minTtl", "is " + lifetime_text(shortest) + " to " + lifetime_text(kLongestMinLifetime));
  return {};
}

}  // namespace

Policy CaService::Impl::completed(Policy policy) const {
  policy.min_lifetime = min_lifetime(policy);
  return policy;
}

Result<std::string> CaService::Impl::default_domain(TenantId tenant) {
  TRY_ASSIGN(const auto known, access.find_tenant(tenant));
  return trust_domain_of(known.name);
}

Result<Policy> CaService::Impl::stored_policy(store::Transaction& tx, TenantId tenant,
                                              std::string_view domain) {
  TRY_ASSIGN(auto found, repository::find_policy(tx, tenant));
  if (found) return *std::move(found);
  return Policy{.tenant = tenant,
                .issuer = {},
                .classical_issuer = {},
                .direct_issuer = {},
                .server_keys = false,
                .trust_domain = std::string(domain),
                .min_lifetime = {},
                .revision = 0};
}

Status CaService::Impl::store_policy(store::Transaction& tx, const Policy& policy) {
  TRY_ASSIGN(const bool put, repository::put_policy(tx, policy));
  if (!put) return fail(Code::kConflict, "others are changing the policy; try again");
  tx.touch(repository::kPolicies, policy.tenant.uuid);
  return {};
}

Result<Policy> CaService::policy(const Principal& principal) {
  TRY(may_view(principal));
  TRY_ASSIGN(const auto view, impl_->view(principal.tenant));
  return impl_->completed(view->policy);
}

Result<Policy> CaService::update_policy(const Principal& principal, const PolicyUpdate& update,
                                        AuditEvent event) {
  if (principal.role != Role::kOwner) return owners_only();
  TRY(may_view(principal));
  if (update.trust_domain && !is_trust_domain(*update.trust_domain))
    return fail_field("trustDomain", "is 1 to 255 characters a-z, 0-9, '.', '-' and '_'");
  if (update.min_lifetime)
    TRY(check_min_lifetime(*update.min_lifetime, impl_->options.min_lifetime));
  for (const bool classical : {false, true}) {
    const auto& issuer = classical ? update.classical_issuer : update.issuer;
    if (!issuer) continue;
    TRY_ASSIGN(const auto named, impl_->authority(*issuer));
    TRY(check_issuer(*named, principal.tenant, classical,
                     classical ? "classicalIssuerId" : "issuerId"));
  }
  TRY_ASSIGN(const auto before, impl_->view(principal.tenant));
  std::optional<Impl::Hierarchy> direct;
  if (update.server_keys.value_or(false) && !before->policy.direct_issuer) {
    TRY_ASSIGN(direct, impl_->make_direct(principal.tenant));
  }
  TRY_ASSIGN(const std::string domain, impl_->default_domain(principal.tenant));
  return impl_->database.change([&](store::Transaction& tx) -> Result<Policy> {
    if (direct) TRY(impl_->insert_hierarchy(tx, *direct, event));
    TRY_ASSIGN(Policy policy, impl_->stored_policy(tx, principal.tenant, domain));
    if (update.server_keys) policy.server_keys = *update.server_keys;
    if (update.trust_domain) policy.trust_domain = *update.trust_domain;
    if (update.issuer) policy.issuer = update.issuer;
    if (update.classical_issuer) policy.classical_issuer = update.classical_issuer;
    if (update.min_lifetime || update.servers_min_lifetime)
      policy.min_lifetime = update.min_lifetime;
    TRY(impl_->store_policy(tx, policy));
    AuditEvent change = event;
    concerns(change, policy);
    tx.record(change);
    return impl_->completed(std::move(policy));
  });
}

}  // namespace quantumapi::ca
