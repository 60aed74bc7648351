// Identities: which service account may hold which names.
#include "ca/impl.h"
#include "x509/spiffe.h"

namespace quantumapi::ca {

// complete_identity binds the identity to its account and checks all that it says.
Status CaService::Impl::complete_identity(Identity& identity, const Principal& principal,
                                          std::string_view service_account) {
  TRY(check_identity(identity));
  const std::string wanted =
      service_account.empty() ? principal.account.to_string() : std::string(service_account);
  const auto account = access.find_account(identity.tenant, wanted);
  if (!account && account.error().code == Code::kNotFound)
    return fail_field("serviceAccount",
                      "is none of this tenant; it is made with its first API key");
  if (!account) return std::unexpected(account.error());
  identity.account = account->id;
  identity.account_name = account->name;
  return {};
}

Result<Identity> CaService::create_identity(const Principal& principal, const NewIdentity& wanted,
                                            AuditEvent event) {
  TRY(may_manage(principal));
  TRY(check_identity_name(wanted.name));
  Identity identity{.id = identity_id(principal.tenant, wanted.name),
                    .tenant = principal.tenant,
                    .name = wanted.name,
                    .account = {},
                    .account_name = {},
                    .spiffe_id = {},
                    .dns_names = wanted.dns_names,
                    .addresses = wanted.addresses,
                    .key_types = wanted.key_types,
                    .client_auth = wanted.client_auth,
                    .server_auth = wanted.server_auth,
                    .lifetime = wanted.lifetime,
                    .max_lifetime = wanted.max_lifetime,
                    .created_at = impl_->clock.wall(),
                    .updated_at = {}};
  TRY_ASSIGN(const auto view, impl_->view(principal.tenant));
  TRY(check_lifetimes(identity, impl_->min_lifetime(view->policy)));
  const auto spiffe_id = [&](const std::string& name) {
    return x509::SpiffeId::of_workload(view->policy.trust_domain, wanted.spiffe_namespace, name);
  };
  const auto id = spiffe_id(wanted.spiffe_name.empty() ? wanted.name : wanted.spiffe_name);
  if (!id) {
    const bool namespace_fits = spiffe_id("a").has_value();
    return fail_field(namespace_fits ? "spiffeName" : "spiffeNamespace",
                      "is no segment of a SPIFFE id: letters, digits, '.', '-' and '_'");
  }
  identity.spiffe_id = id->uri();
  TRY(impl_->complete_identity(identity, principal, wanted.service_account));
  concerns(event, identity);
  const auto insert = [&](store::Transaction& tx) -> Status {
    TRY(repository::insert_identity(tx, identity));
    tx.record(event);
    tx.touch(repository::kIdentities, identity.id.uuid);
    return {};
  };
  TRY(impl_->database.change(insert));
  return identity;
}

Result<Identity> CaService::update_identity(const Principal& principal, IdentityId id,
                                            const IdentityUpdate& update, AuditEvent event) {
  TRY(may_manage(principal));
  TRY_ASSIGN(const auto stored, impl_->database.read([&](store::Transaction& tx) {
    return repository::find_identity(tx, id);
  }));
  if (!stored || stored->tenant != principal.tenant) return no_such_identity();
  Identity identity = *stored;
  if (update.dns_names) identity.dns_names = *update.dns_names;
  if (update.addresses) identity.addresses = *update.addresses;
  if (update.key_types) identity.key_types = *update.key_types;
  if (update.client_auth) identity.client_auth = *update.client_auth;
  if (update.server_auth) identity.server_auth = *update.server_auth;
  if (update.lifetime) identity.lifetime = *update.lifetime;
  if (update.max_lifetime) identity.max_lifetime = *update.max_lifetime;
  identity.updated_at = impl_->clock.wall();
  // The policy may have become stricter: what was not touched may stay as it is.
  if (update.lifetime || update.max_lifetime) {
    TRY_ASSIGN(const auto view, impl_->view(principal.tenant));
    TRY(check_lifetimes(identity, impl_->min_lifetime(view->policy), update.lifetime.has_value()));
  }
  TRY(impl_->complete_identity(identity, principal,
                               update.service_account.value_or(identity.account.to_string())));
  concerns(event, identity);
  const auto change = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const bool updated, repository::update_identity(tx, identity));
    if (!updated) return fail(Code::kConflict, "others are changing this identity; try again");
    tx.record(event);
    tx.touch(repository::kIdentities, id.uuid);
    return {};
  };
  TRY(impl_->database.change(change));
  return identity;
}

Status CaService::remove_identity(const Principal& principal, IdentityId id, AuditEvent event) {
  TRY(may_manage(principal));
  return impl_->database.change([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const auto stored, repository::find_identity(tx, id));
    if (!stored || stored->tenant != principal.tenant) return no_such_identity();
    TRY(repository::remove_identity(tx, id));
    AuditEvent removal = event;
    concerns(removal, *stored);
    tx.record(removal);
    tx.touch(repository::kIdentities, id.uuid);
    return {};
  });
}

Result<Identity> CaService::find_identity(const Principal& principal, IdentityId id) {
  TRY_ASSIGN(const auto found, impl_->identity(principal, id));
  return *found;
}

Result<CaService::IdentityPage> CaService::list_identities(const Principal& principal,
                                                           std::int64_t offset,
                                                           std::int64_t limit) {
  TRY(may_view(principal));
  return impl_->database.read([&](store::Transaction& tx) -> Result<IdentityPage> {
    IdentityPage page;
    TRY_ASSIGN(page.identities,
               repository::list_identities(tx, principal.tenant, offset, limit + 1));
    page.has_more = std::ssize(page.identities) > limit;
    if (page.has_more) page.identities.pop_back();
    TRY_ASSIGN(page.total, repository::count_identities(tx, principal.tenant, kCountBound));
    return page;
  });
}

}  // namespace quantumapi::ca
