#include "access/group_repository.h"

namespace quantumapi::access {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr Statement kList{"groups.list",
                          R"sql(SELECT g.id, g.name, g.description, g.created_at, g.updated_at,
                 coalesce(sum(CASE WHEN i.resource_type = 'Secret' THEN 1 ELSE 0 END), 0),
                 coalesce(sum(CASE WHEN i.resource_type = 'CryptoKey' THEN 1 ELSE 0 END), 0),
                 coalesce(sum(CASE WHEN i.resource_type = 'ApiKey' THEN 1 ELSE 0 END), 0)
          FROM resource_groups g LEFT JOIN resource_group_items i ON i.group_id = g.id
          WHERE g.tenant = :tenant
          GROUP BY g.id, g.name, g.description, g.created_at, g.updated_at
          ORDER BY g.name)sql"};

constexpr Statement kFind{"groups.find",
                          R"sql(SELECT g.id, g.name, g.description, g.created_at, g.updated_at,
                 coalesce(sum(CASE WHEN i.resource_type = 'Secret' THEN 1 ELSE 0 END), 0),
                 coalesce(sum(CASE WHEN i.resource_type = 'CryptoKey' THEN 1 ELSE 0 END), 0),
                 coalesce(sum(CASE WHEN i.resource_type = 'ApiKey' THEN 1 ELSE 0 END), 0)
          FROM resource_groups g LEFT JOIN resource_group_items i ON i.group_id = g.id
          WHERE g.id = :id AND g.tenant = :tenant
          GROUP BY g.id, g.name, g.description, g.created_at, g.updated_at)sql"};

constexpr Statement kTotal{
    "groups.total",
    R"sql(SELECT CAST(count(id) AS BIGINT) FROM resource_groups WHERE tenant = :tenant)sql"};

constexpr Statement kInsert{
    "groups.insert",
    R"sql(INSERT INTO resource_groups (id, tenant, name, description, created_at, revision)
          VALUES (:id, :tenant, :name, :description, :created_at, 1)
          ON CONFLICT (tenant, name) DO NOTHING)sql"};

constexpr Statement kTaken{"groups.taken",
                           R"sql(SELECT id FROM resource_groups
          WHERE tenant = :tenant AND name = :name AND id <> :id)sql"};

constexpr Statement kUpdate{
    "groups.update",
    R"sql(UPDATE resource_groups SET name = :name, description = :description,
                 updated_at = :now, revision = revision + 1
          WHERE id = :id AND tenant = :tenant)sql"};

constexpr Statement kDelete{"groups.delete", R"sql(DELETE FROM resource_groups WHERE id = :id)sql"};

constexpr Statement kDeleteItems{"groups.delete_items",
                                 R"sql(DELETE FROM resource_group_items WHERE group_id = :id)sql"};

constexpr Statement kItems{
    "groups.items",
    R"sql(SELECT i.id, i.resource_type, i.resource, coalesce(s.name, k.name, a.name, '')
          FROM resource_group_items i
               LEFT JOIN secrets s ON i.resource_type = 'Secret' AND s.id = i.resource
                    AND s.tenant = :tenant AND s.deleted_at IS NULL
               LEFT JOIN keys k ON i.resource_type = 'CryptoKey' AND k.id = i.resource
                    AND k.tenant = :tenant AND k.visible = 1 AND k.state <> 'deleted'
               LEFT JOIN api_keys a ON i.resource_type = 'ApiKey' AND a.id = i.resource
                    AND a.tenant = :tenant
          WHERE i.group_id = :group
          ORDER BY i.created_at, i.id)sql"};

constexpr Statement kHolds{"groups.holds",
                           R"sql(SELECT i.id
          FROM resource_group_items i JOIN resource_groups g ON g.id = i.group_id
          WHERE i.group_id = :group AND i.resource_type = :kind AND i.resource = :resource
            AND g.tenant = :tenant)sql"};

constexpr Statement kSecretName{"groups.secret_name",
                                R"sql(SELECT name FROM secrets
          WHERE id = :id AND tenant = :tenant AND deleted_at IS NULL)sql"};
constexpr Statement kKeyName{"groups.key_name",
                             R"sql(SELECT name FROM keys
          WHERE id = :id AND tenant = :tenant AND visible = 1 AND state <> 'deleted')sql"};
constexpr Statement kApiKeyName{"groups.api_key_name",
                                R"sql(SELECT name FROM api_keys
          WHERE id = :id AND tenant = :tenant)sql"};

constexpr Statement kSecretId{"groups.secret_id",
                              R"sql(SELECT id FROM secrets
          WHERE tenant = :tenant AND name = :name AND deleted_at IS NULL)sql"};
constexpr Statement kKeyId{"groups.key_id",
                           R"sql(SELECT id FROM keys
          WHERE tenant = :tenant AND visible = 1 AND name = :name AND state <> 'deleted')sql"};

constexpr Statement kIdentityName{"groups.identity_name",
                                  R"sql(SELECT name, account FROM service_identities
          WHERE id = :id AND tenant = :tenant)sql"};
constexpr Statement kIdentityId{"groups.identity_id",
                                R"sql(SELECT id FROM service_identities
          WHERE tenant = :tenant AND name = :name)sql"};

constexpr Statement kInsertItem{
    "groups.insert_item",
    R"sql(INSERT INTO resource_group_items (id, group_id, resource_type, resource, created_at)
          VALUES (:id, :group, :type, :resource, :now)
          ON CONFLICT (group_id, resource_type, resource) DO NOTHING)sql"};

constexpr Statement kDeleteItem{"groups.delete_item",
                                R"sql(DELETE FROM resource_group_items
          WHERE id = :id AND group_id = :group)sql"};

Group group_of(const Row& row) {
  return {.id = row.uuid(0),
          .name = std::string(row.text(1)),
          .description = std::string(row.text(2)),
          .created_at = row.time(3),
          .updated_at = row.optional_time(4),
          .secrets = row.integer(5),
          .crypto_keys = row.integer(6),
          .api_keys = row.integer(7)};
}

std::unexpected<Error> taken() {
  return fail(Code::kConflict, "a resource group of that name exists", "group_name_conflict");
}

const Statement& name_statement(std::string_view type) {
  if (type == "Secret") return kSecretName;
  if (type == "Identity") return kIdentityName;
  return type == "CryptoKey" ? kKeyName : kApiKeyName;
}

const Statement& id_statement(std::string_view type) {
  if (type == "Secret") return kSecretId;
  return type == "Identity" ? kIdentityId : kKeyId;
}

}  // namespace

Result<std::vector<Group>> list_groups(Transaction& tx, TenantId tenant) {
  std::vector<Group> groups;
  TRY(tx.each(kList, {{"tenant", tenant}}, [&](const Row& row) -> Status {
    groups.push_back(group_of(row));
    return {};
  }));
  return groups;
}

Result<std::optional<Group>> find_group(Transaction& tx, TenantId tenant, const Uuid& id) {
  std::optional<Group> found;
  TRY(tx.one(kFind, {{"id", id}, {"tenant", tenant}}, [&](const Row& row) -> Status {
    found = group_of(row);
    return {};
  }));
  return found;
}

Result<std::int64_t> count_groups(Transaction& tx, TenantId tenant) {
  std::int64_t total = 0;
  TRY(tx.one(kTotal, {{"tenant", tenant}}, [&](const Row& row) -> Status {
    total = row.integer(0);
    return {};
  }));
  return total;
}

Status insert_group(Transaction& tx, TenantId tenant, const Group& group) {
  TRY_ASSIGN(const auto inserted, tx.execute(kInsert, {{"id", group.id},
                                                       {"tenant", tenant},
                                                       {"name", group.name},
                                                       {"description", group.description},
                                                       {"created_at", group.created_at}}));
  if (inserted == 0) return taken();
  return {};
}

Status update_group(Transaction& tx, TenantId tenant, const Group& group, WallTime now) {
  TRY_ASSIGN(const bool other,
             tx.one(kTaken, {{"tenant", tenant}, {"name", group.name}, {"id", group.id}},
                    [](const Row&) -> Status { return {}; }));
  if (other) return taken();
  TRY(tx.execute(kUpdate, {{"id", group.id},
                           {"tenant", tenant},
                           {"name", group.name},
                           {"description", group.description},
                           {"now", now}}));
  return {};
}

Status delete_group(Transaction& tx, const Uuid& id) {
  TRY(tx.execute(kDeleteItems, {{"id", id}}));
  TRY(tx.execute(kDelete, {{"id", id}}));
  return {};
}

Result<std::vector<GroupItem>> list_items(Transaction& tx, TenantId tenant, const Uuid& group) {
  std::vector<GroupItem> items;
  TRY(tx.each(kItems, {{"group", group}, {"tenant", tenant}}, [&](const Row& row) -> Status {
    items.push_back({row.uuid(0), std::string(row.text(1)), row.uuid(2), std::string(row.text(3))});
    return {};
  }));
  return items;
}

Result<bool> group_holds(Transaction& tx, TenantId tenant, const Uuid& group, std::string_view kind,
                         const Uuid& resource) {
  return tx.one(kHolds,
                {{"group", group}, {"kind", kind}, {"resource", resource}, {"tenant", tenant}},
                [](const Row&) -> Status { return {}; });
}

std::string_view kind_of(std::string_view binding_type) {
  if (binding_type == "secret") return "Secret";
  return binding_type == "identity" ? "Identity" : "CryptoKey";
}

Result<std::optional<std::string>> resource_name(Transaction& tx, TenantId tenant,
                                                 std::string_view type, const Uuid& resource) {
  std::optional<std::string> name;
  TRY(tx.one(name_statement(type), {{"id", resource}, {"tenant", tenant}},
             [&](const Row& row) -> Status {
               name = row.text(0);
               return {};
             }));
  return name;
}

Result<std::optional<Uuid>> resource_id(Transaction& tx, TenantId tenant, std::string_view type,
                                        std::string_view name) {
  std::optional<Uuid> id;
  TRY(tx.one(id_statement(type), {{"tenant", tenant}, {"name", name}},
             [&](const Row& row) -> Status {
               id = row.uuid(0);
               return {};
             }));
  return id;
}

Result<std::optional<ServiceAccountId>> identity_account(Transaction& tx, TenantId tenant,
                                                         const Uuid& identity) {
  std::optional<ServiceAccountId> account;
  TRY(tx.one(kIdentityName, {{"id", identity}, {"tenant", tenant}}, [&](const Row& row) -> Status {
    account = row.id<ServiceAccountId>(1);
    return {};
  }));
  return account;
}

Status insert_item(Transaction& tx, const Uuid& group, const GroupItem& item, WallTime now) {
  TRY(tx.execute(kInsertItem, {{"id", item.id},
                               {"group", group},
                               {"type", item.resource_type},
                               {"resource", item.resource},
                               {"now", now}}));
  return {};
}

Result<bool> delete_item(Transaction& tx, const Uuid& group, const Uuid& item) {
  TRY_ASSIGN(const auto deleted, tx.execute(kDeleteItem, {{"id", item}, {"group", group}}));
  return deleted != 0;
}

}  // namespace quantumapi::access
