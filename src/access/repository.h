// The rows of access: tenants, service accounts, API keys. SQL stands here only.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "access/service.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace quantumapi::access {

inline constexpr std::string_view kApiKeysTable = "api_keys";  // also the topic of touch()

// ApiKeyRow is a row of api_keys with its account's name.
struct ApiKeyRow {
  ApiKeyRecord record;
  Uuid mac_key;
  crypto::Digest mac{};
  ApiKeyId created_by;
  std::int64_t revision = 1;
};

struct AccountRow {
  ServiceAccountId id;
  std::string name;
};

// insert_tenant gives the tenant the next number. kConflict "tenant_name_conflict".
Status insert_tenant(store::Transaction& tx, const AccessService::Tenant& tenant, WallTime now);
Result<std::optional<AccessService::Tenant>> first_tenant(store::Transaction& tx);
Result<std::vector<AccessService::Tenant>> list_tenants(store::Transaction& tx);
Result<std::optional<AccessService::Tenant>> find_tenant(store::Transaction& tx, TenantId tenant);
Result<std::optional<AccessService::Tenant>> find_tenant(store::Transaction& tx,
                                                         std::string_view name);

Status insert_account(store::Transaction& tx, TenantId tenant, const AccountRow& account,
                      WallTime now);
Result<std::optional<AccountRow>> find_account(store::Transaction& tx, TenantId tenant,
                                               std::string_view name);
Result<std::optional<AccountRow>> find_account(store::Transaction& tx, TenantId tenant,
                                               ServiceAccountId id);
// first_account is the tenant's oldest: its owner.
Result<std::optional<AccountRow>> first_account(store::Transaction& tx, TenantId tenant);
// highest_role is that of all keys the account ever had: revoking them gives nobody their name.
Result<Role> highest_role(store::Transaction& tx, ServiceAccountId account);

// insert_key also counts the key (counters, kind "api_keys").
Status insert_key(store::Transaction& tx, const ApiKeyRow& row);
Result<std::optional<ApiKeyRow>> find_key(store::Transaction& tx, ApiKeyId id);
Result<std::vector<ApiKeyRow>> list_keys(store::Transaction& tx, TenantId tenant,
                                         std::int64_t offset, std::int64_t limit);
Result<std::int64_t> count_keys(store::Transaction& tx, TenantId tenant);
// revoke_key changes nothing where the key is revoked already.
Status revoke_key(store::Transaction& tx, ApiKeyId id, WallTime now);

// note_use keeps the last use of a key unless one less than a minute older is noted.
Status note_use(store::Transaction& tx, ApiKeyId id, WallTime now);

// SharedArrival is the shared state of a key's rate (gcra.h), 0 where there is none yet, and the
// time of PostgreSQL's clock, which all replicas share: both in nanoseconds.
struct SharedArrival {
  std::int64_t now = 0;
  std::int64_t arrival = 0;
};
Result<SharedArrival> find_arrival(store::Transaction& tx, ApiKeyId id);
Status put_arrival(store::Transaction& tx, ApiKeyId id, std::int64_t arrival);

// replace_key names the key's successor and the end of its own life.
Status replace_key(store::Transaction& tx, ApiKeyId id, ApiKeyId by, WallTime expires_at);

}  // namespace quantumapi::access
