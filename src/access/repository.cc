#include "access/repository.h"

#include <algorithm>

#include "access/api_key.h"
#include "access/binding_json.h"

namespace quantumapi::access {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr std::string_view kCounterKind = "api_keys";

constexpr Statement kLastOrdinal{
    "access.last_ordinal", R"sql(SELECT ordinal FROM tenants ORDER BY ordinal DESC LIMIT 1)sql"};

constexpr Statement kInsertTenant{
    "access.insert_tenant",
    R"sql(INSERT INTO tenants (id, ordinal, name, environment, created_at, revision)
          VALUES (:id, :ordinal, :name, :environment, :created_at, 1)
          ON CONFLICT (name) DO NOTHING)sql"};

constexpr Statement kFirstTenant{
    "access.first_tenant",
    R"sql(SELECT id, name, environment FROM tenants ORDER BY ordinal LIMIT 1)sql"};

constexpr Statement kListTenants{
    "access.list_tenants", R"sql(SELECT id, name, environment FROM tenants ORDER BY ordinal)sql"};

constexpr Statement kFindTenant{
    "access.find_tenant", R"sql(SELECT id, name, environment FROM tenants WHERE id = :id)sql"};

constexpr Statement kFindTenantNamed{
    "access.find_tenant_named",
    R"sql(SELECT id, name, environment FROM tenants WHERE name = :name)sql"};

constexpr Statement kInsertAccount{
    "access.insert_account",
    R"sql(INSERT INTO service_accounts (id, tenant, name, created_at, revision)
          VALUES (:id, :tenant, :name, :created_at, 1))sql"};

constexpr Statement kFindAccount{
    "access.find_account",
    R"sql(SELECT id, name FROM service_accounts WHERE tenant = :tenant AND name = :name)sql"};

constexpr Statement kFindAccountById{
    "access.find_account_by_id",
    R"sql(SELECT id, name FROM service_accounts WHERE tenant = :tenant AND id = :id)sql"};

constexpr Statement kFirstAccount{"access.first_account",
                                  R"sql(SELECT id, name FROM service_accounts WHERE tenant = :tenant
          ORDER BY created_at, id LIMIT 1)sql"};

constexpr Statement kRolesOfAccount{"access.roles_of_account",
                                    R"sql(SELECT DISTINCT role FROM api_keys
          WHERE account = :account)sql"};

constexpr Statement kInsertKey{
    "access.insert_key",
    R"sql(INSERT INTO api_keys (id, tenant, account, lookup, mac_key, mac, name, role, scopes,
                                bindings, created_by, created_at, expires_at, revision,
                                description, addresses, rate_limit)
          VALUES (:id, :tenant, :account, :lookup, :mac_key, :mac, :name, :role, :scopes,
                  :bindings, :created_by, :created_at, :expires_at, 1,
                  :description, :addresses, :rate_limit))sql"};

constexpr Statement kFindKey{
    "access.find_key",
    R"sql(SELECT k.id, k.tenant, k.account, a.name, k.lookup, k.mac_key, k.mac, k.name, k.role,
                 k.scopes, k.bindings, k.created_by, k.created_at, k.expires_at, k.revoked_at,
                 k.revision, k.description, k.addresses, k.rate_limit, k.replaced_by, u.used_at
          FROM api_keys k JOIN service_accounts a ON a.id = k.account
               LEFT JOIN api_key_uses u ON u.id = k.id
          WHERE k.id = :id)sql"};

constexpr Statement kListKeys{
    "access.list_keys",
    R"sql(SELECT k.id, k.tenant, k.account, a.name, k.lookup, k.mac_key, k.mac, k.name, k.role,
                 k.scopes, k.bindings, k.created_by, k.created_at, k.expires_at, k.revoked_at,
                 k.revision, k.description, k.addresses, k.rate_limit, k.replaced_by, u.used_at
          FROM api_keys k JOIN service_accounts a ON a.id = k.account
               LEFT JOIN api_key_uses u ON u.id = k.id
          WHERE k.tenant = :tenant
          ORDER BY k.created_at DESC, k.id DESC LIMIT :limit OFFSET :offset)sql"};

constexpr Statement kCount{
    "access.count",
    R"sql(INSERT INTO counters (tenant, kind, shard, n) VALUES (:tenant, :kind, :shard, 1)
          ON CONFLICT (tenant, kind, shard) DO UPDATE SET n = counters.n + 1)sql"};

constexpr Statement kTotal{"access.total",
                           R"sql(SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM counters
          WHERE tenant = :tenant AND kind = :kind)sql"};

constexpr Statement kRevokeKey{"access.revoke_key",
                               R"sql(UPDATE api_keys SET revoked_at = :now, revision = revision + 1
          WHERE id = :id AND revoked_at IS NULL)sql"};

// At most once a minute a key, whichever replica saw it.
constexpr Statement kNoteUse{"access.note_use",
                             R"sql(INSERT INTO api_key_uses (id, used_at) VALUES (:id, :now)
          ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at
          WHERE api_key_uses.used_at <= :before)sql"};

// The time is of the clock that all replicas share, which SQLite, with its one, has no need of.
constexpr Statement kFindArrival{
    "access.find_arrival",
    R"sql(SELECT 0, COALESCE((SELECT arrival FROM api_key_rates WHERE id = :id), 0))sql",
    R"sql(SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT),
                 COALESCE((SELECT arrival FROM api_key_rates WHERE id = :id), 0))sql"};

constexpr Statement kPutArrival{"access.put_arrival",
                                R"sql(INSERT INTO api_key_rates (id, arrival) VALUES (:id, :arrival)
          ON CONFLICT (id) DO UPDATE SET arrival = excluded.arrival)sql"};

constexpr Statement kReplaceKey{"access.replace_key",
                                R"sql(UPDATE api_keys SET replaced_by = :replaced_by,
                 expires_at = :expires_at, revision = revision + 1
          WHERE id = :id)sql"};

Result<ApiKeyRow> key_of(const Row& row) {
  ApiKeyRow key;
  ApiKeyRecord& record = key.record;
  record.id = row.id<ApiKeyId>(0);
  record.tenant = row.id<TenantId>(1);
  record.account = row.id<ServiceAccountId>(2);
  record.account_name = row.text(3);
  record.prefix = std::string(kApiKeyPrefix).append(row.text(4));
  key.mac_key = row.uuid(5);
  if (row.blob(6).size() != key.mac.size()) return fail(Code::kDataLoss, "an API key's MAC is cut");
  std::ranges::copy(row.blob(6), key.mac.begin());
  record.name = row.text(7);
  TRY_ASSIGN(record.role, base::parse_role(row.text(8)));
  TRY_ASSIGN(record.scopes, scopes_of(row.text(9)));
  TRY_ASSIGN(record.bindings, bindings_of(row.text(10)));
  key.created_by = row.id<ApiKeyId>(11);
  record.created_at = row.time(12);
  record.expires_at = row.optional_time(13);
  record.revoked_at = row.optional_time(14);
  key.revision = row.integer(15);
  record.description = row.text(16);
  TRY_ASSIGN(record.addresses, scopes_of(row.text(17)));
  record.rate_limit = row.integer(18);
  if (!row.is_null(19)) record.replaced_by = row.id<ApiKeyId>(19);
  record.last_used_at = row.optional_time(20);
  return key;
}

Result<std::optional<AccessService::Tenant>> one_tenant(Transaction& tx, const Statement& statement,
                                                        store::Params params) {
  std::optional<AccessService::Tenant> found;
  TRY(tx.one(statement, params, [&](const Row& row) -> Status {
    found = {row.id<TenantId>(0), std::string(row.text(1)), std::string(row.text(2))};
    return {};
  }));
  return found;
}

Result<std::optional<AccountRow>> one_account(Transaction& tx, const Statement& statement,
                                              store::Params params) {
  std::optional<AccountRow> found;
  TRY(tx.one(statement, params, [&](const Row& row) -> Status {
    found = {row.id<ServiceAccountId>(0), std::string(row.text(1))};
    return {};
  }));
  return found;
}

}  // namespace

Status insert_tenant(Transaction& tx, const AccessService::Tenant& tenant, WallTime now) {
  std::int64_t ordinal = 1;
  TRY(tx.one(kLastOrdinal, {}, [&](const Row& row) -> Status {
    ordinal = row.integer(0) + 1;
    return {};
  }));
  TRY_ASSIGN(const auto inserted, tx.execute(kInsertTenant, {{"id", tenant.id},
                                                             {"ordinal", ordinal},
                                                             {"name", tenant.name},
                                                             {"environment", tenant.environment},
                                                             {"created_at", now}}));
  if (inserted == 0)
    return fail(Code::kConflict, "a tenant of that name exists", "tenant_name_conflict");
  return {};
}

Result<std::optional<AccessService::Tenant>> first_tenant(Transaction& tx) {
  return one_tenant(tx, kFirstTenant, {});
}

Result<std::vector<AccessService::Tenant>> list_tenants(Transaction& tx) {
  std::vector<AccessService::Tenant> tenants;
  TRY(tx.each(kListTenants, {}, [&](const Row& row) -> Status {
    tenants.push_back({row.id<TenantId>(0), std::string(row.text(1)), std::string(row.text(2))});
    return {};
  }));
  return tenants;
}

Result<std::optional<AccessService::Tenant>> find_tenant(Transaction& tx, TenantId tenant) {
  return one_tenant(tx, kFindTenant, {{"id", tenant}});
}

Result<std::optional<AccessService::Tenant>> find_tenant(Transaction& tx, std::string_view name) {
  return one_tenant(tx, kFindTenantNamed, {{"name", name}});
}

Status insert_account(Transaction& tx, TenantId tenant, const AccountRow& account, WallTime now) {
  TRY(tx.execute(
      kInsertAccount,
      {{"id", account.id}, {"tenant", tenant}, {"name", account.name}, {"created_at", now}}));
  return {};
}

Result<std::optional<AccountRow>> find_account(Transaction& tx, TenantId tenant,
                                               std::string_view name) {
  return one_account(tx, kFindAccount, {{"tenant", tenant}, {"name", name}});
}

Result<std::optional<AccountRow>> find_account(Transaction& tx, TenantId tenant,
                                               ServiceAccountId id) {
  return one_account(tx, kFindAccountById, {{"tenant", tenant}, {"id", id}});
}

Result<std::optional<AccountRow>> first_account(Transaction& tx, TenantId tenant) {
  return one_account(tx, kFirstAccount, {{"tenant", tenant}});
}

Result<Role> highest_role(Transaction& tx, ServiceAccountId account) {
  Role highest = Role::kMember;
  TRY(tx.each(kRolesOfAccount, {{"account", account}}, [&](const Row& row) -> Status {
    TRY_ASSIGN(const Role role, base::parse_role(row.text(0)));
    highest = std::max(highest, role);
    return {};
  }));
  return highest;
}

Status insert_key(Transaction& tx, const ApiKeyRow& row) {
  const ApiKeyRecord& record = row.record;
  const std::string scopes = json::to_text(record.scopes);
  const std::string bindings = text_of(record.bindings);
  const std::string addresses = json::to_text(record.addresses);
  TRY(tx.execute(kInsertKey,
                 {{"id", record.id},
                  {"tenant", record.tenant},
                  {"account", record.account},
                  {"lookup", std::string_view(record.prefix).substr(kApiKeyPrefix.size())},
                  {"mac_key", row.mac_key},
                  {"mac", ByteView(row.mac)},
                  {"name", record.name},
                  {"role", base::to_string(record.role)},
                  {"scopes", scopes},
                  {"bindings", bindings},
                  {"created_by", row.created_by},
                  {"created_at", record.created_at},
                  {"expires_at", record.expires_at},
                  {"description", record.description},
                  {"addresses", addresses},
                  {"rate_limit", record.rate_limit}}));
  TRY(tx.execute(kCount, {{"tenant", record.tenant},
                          {"kind", kCounterKind},
                          {"shard", record.id.uuid.octets.back() & 15}}));
  return {};
}

Result<std::optional<ApiKeyRow>> find_key(Transaction& tx, ApiKeyId id) {
  std::optional<ApiKeyRow> found;
  TRY(tx.one(kFindKey, {{"id", id}}, [&](const Row& row) -> Status {
    TRY_ASSIGN(found, key_of(row));
    return {};
  }));
  return found;
}

Result<std::vector<ApiKeyRow>> list_keys(Transaction& tx, TenantId tenant, std::int64_t offset,
                                         std::int64_t limit) {
  std::vector<ApiKeyRow> keys;
  TRY(tx.each(kListKeys, {{"tenant", tenant}, {"limit", limit}, {"offset", offset}},
              [&](const Row& row) -> Status {
                TRY_ASSIGN(auto key, key_of(row));
                keys.push_back(std::move(key));
                return {};
              }));
  return keys;
}

Result<std::int64_t> count_keys(Transaction& tx, TenantId tenant) {
  std::int64_t total = 0;
  TRY(tx.one(kTotal, {{"tenant", tenant}, {"kind", kCounterKind}}, [&](const Row& row) -> Status {
    total = row.integer(0);
    return {};
  }));
  return total;
}

Status revoke_key(Transaction& tx, ApiKeyId id, WallTime now) {
  TRY_ASSIGN(const auto revoked, tx.execute(kRevokeKey, {{"id", id}, {"now", now}}));
  if (revoked != 0) tx.touch(kApiKeysTable, id.uuid);
  return {};
}

Status note_use(Transaction& tx, ApiKeyId id, WallTime now) {
  TRY(tx.execute(kNoteUse, {{"id", id}, {"now", now}, {"before", now - std::chrono::minutes(1)}}));
  return {};
}

Result<SharedArrival> find_arrival(Transaction& tx, ApiKeyId id) {
  SharedArrival found;
  TRY(tx.one(kFindArrival, {{"id", id}}, [&](const Row& row) -> Status {
    found = {row.integer(0) * 1000, row.integer(1)};
    return {};
  }));
  return found;
}

Status put_arrival(Transaction& tx, ApiKeyId id, std::int64_t arrival) {
  TRY(tx.execute(kPutArrival, {{"id", id}, {"arrival", arrival}}));
  return {};
}

Status replace_key(Transaction& tx, ApiKeyId id, ApiKeyId by, WallTime expires_at) {
  TRY(tx.execute(kReplaceKey, {{"id", id}, {"replaced_by", by}, {"expires_at", expires_at}}));
  tx.touch(kApiKeysTable, id.uuid);
  return {};
}

}  // namespace quantumapi::access
