// AccessService: tenants.
#include <array>

#include "access/service_impl.h"

namespace quantumapi::access {
namespace {

using keyring::Purpose;

constexpr std::size_t kNameSize = 100;

struct TenantKey {
  std::string_view name;
  Purpose purpose;
  std::string_view algorithm;
};

// What every tenant has from its first moment on.
constexpr std::array<TenantKey, 4> kTenantKeys{{
    {"default-encryption", Purpose::kEncrypt, "ML-KEM-768"},
    {"default-signing", Purpose::kSign, "ML-DSA-65"},
    {"vault", Purpose::kVault, "ML-KEM-768"},
    {"audit", Purpose::kAudit, "ML-DSA-65"},
}};

Status check(const AccessService::NewTenant& tenant) {
  TRY(check_text("name", tenant.name, kNameSize));
  TRY(check_text("owner", tenant.owner, kNameSize));
  if (tenant.environment != "Development" && tenant.environment != "Staging" &&
      tenant.environment != "Production")
    return base::fail_field("environment", "is Development, Staging or Production");
  return {};
}

using PreparedKeys = std::vector<keyring::Keyring::Prepared>;

Result<PreparedKeys> prepare_keys(keyring::Keyring& keyring, TenantId tenant) {
  PreparedKeys prepared;
  for (const TenantKey& key : kTenantKeys) {
    keyring::NewKey wanted{};
    wanted.tenant = tenant;
    wanted.name = key.name;
    wanted.purpose = key.purpose;
    wanted.algorithm = key.algorithm;
    wanted.set_default = true;
    TRY_ASSIGN(auto one, keyring.prepare(wanted));
    prepared.push_back(std::move(one));
  }
  return prepared;
}

Result<AccessService::Tenant> present(Result<std::optional<AccessService::Tenant>> found) {
  TRY_ASSIGN(auto tenant, std::move(found));
  if (!tenant) return fail(Code::kNotFound, "there is no such tenant");
  return *std::move(tenant);
}

}  // namespace

Result<AccessService::CreatedTenant> AccessService::create_tenant(const NewTenant& wanted,
                                                                  AuditEvent event) {
  TRY(check(wanted));
  // Asked before keys are made: those of a tenant that can't be would stay in the key journal, and
  // the next start would take the store for one that had been set back.
  const auto taken = find_tenant(wanted.name);
  if (taken) return fail(Code::kConflict, "a tenant of that name exists", "tenant_name_conflict");
  if (taken.error().code != Code::kNotFound) return std::unexpected(taken.error());
  const WallTime now = impl_->clock.wall();
  const Tenant tenant{TenantId::make(now), wanted.name, wanted.environment};
  Impl::NewAccount owner{{ServiceAccountId::make(now), wanted.owner}, {}};
  TRY_ASSIGN(owner.personal_key, impl_->keyring.make_personal_key(tenant.id, owner.row.id.uuid));
  TRY_ASSIGN(const PreparedKeys keys, prepare_keys(impl_->keyring, tenant.id));
  const NewApiKey owner_key{.name = wanted.owner, .role = Role::kOwner, .scopes = {"*"}};
  TRY_ASSIGN(auto draft, impl_->draft(tenant.id, owner_key, owner_key.scopes, {}));
  draft.row.record.account = owner.row.id;
  draft.row.record.account_name = owner.row.name;
  event.resource_type = "tenant";
  event.resource = tenant.id.uuid;
  event.resource_name = tenant.name;
  // The new tenant learns that it was made, not by whom: those are another's people.
  AuditEvent first = event;
  first.tenant = tenant.id;
  first.actor = {.type = "system"};

  const auto insert = [&](store::Transaction& tx) -> Status {
    TRY(insert_tenant(tx, tenant, now));
    TRY(impl_->insert_account_in(tx, tenant.id, owner, now));
    for (const auto& key : keys) TRY(impl_->keyring.create_in(tx, key));
    TRY(insert_key(tx, draft.row));
    tx.record(first);
    if (!event.tenant.uuid.is_nil()) tx.record(event);
    return {};
  };
  TRY(impl_->database.change(insert));
  return CreatedTenant{tenant, {std::move(draft.text), std::move(draft.row.record)}};
}

Status AccessService::check_operator(const Principal& principal) {
  TRY_ASSIGN(const Tenant first, first_tenant());
  if (principal.tenant == first.id && principal.role == Role::kOwner && principal.bindings.empty())
    return {};
  return fail(Code::kPermissionDenied, "this is for owners of the first tenant",
              "insufficient_scope");
}

Result<std::vector<AccessService::Tenant>> AccessService::list_tenants(const Principal& principal) {
  TRY(check_operator(principal));
  return impl_->database.read([](store::Transaction& tx) { return access::list_tenants(tx); });
}

Result<AccessService::Tenant> AccessService::first_tenant() {
  return present(
      impl_->database.read([](store::Transaction& tx) { return access::first_tenant(tx); }));
}

Result<AccessService::Account> AccessService::find_account(TenantId tenant,
                                                           std::string_view id_or_name) {
  const auto find = [&](store::Transaction& tx) -> Result<std::optional<AccountRow>> {
    if (const auto id = ServiceAccountId::parse(id_or_name)) {
      TRY_ASSIGN(auto by_id, access::find_account(tx, tenant, *id));
      if (by_id) return by_id;
    }
    return access::find_account(tx, tenant, id_or_name);
  };
  TRY_ASSIGN(auto found, impl_->database.read(find));
  if (!found) return fail(Code::kNotFound, "there is no such service account");
  return Account{found->id, std::move(found->name)};
}

Result<AccessService::Tenant> AccessService::find_tenant(TenantId tenant) {
  return present(impl_->database.read(
      [&](store::Transaction& tx) { return access::find_tenant(tx, tenant); }));
}

Result<AccessService::Tenant> AccessService::find_tenant(std::string_view name) {
  return present(
      impl_->database.read([&](store::Transaction& tx) { return access::find_tenant(tx, name); }));
}

}  // namespace quantumapi::access
