// Identities, and when their certificates end.
#include <memory_resource>

#include "base/json.h"
#include "ca/repository.h"

namespace quantumapi::ca::repository {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

const Statement kInsert{"ca.insert_identity", R"sql(
  INSERT INTO service_identities (id, tenant, name, account, account_name, spiffe_id, dns_names,
    addresses, key_types, client_auth, server_auth, lifetime, max_lifetime, created_at, revision)
  VALUES (:id, :tenant, :name, :account, :account_name, :spiffe_id, :dns_names,
    :addresses, :key_types, :client_auth, :server_auth, :lifetime, :max_lifetime, :created_at, 1)
  ON CONFLICT DO NOTHING
)sql"};

const Statement kUpdate{"ca.update_identity", R"sql(
  UPDATE service_identities SET account = :account, account_name = :account_name,
    spiffe_id = :spiffe_id, dns_names = :dns_names, addresses = :addresses,
    key_types = :key_types, client_auth = :client_auth, server_auth = :server_auth,
    lifetime = :lifetime, max_lifetime = :max_lifetime, updated_at = :updated_at,
    revision = revision + 1
  WHERE id = :id AND revision = :revision
)sql"};

const Statement kRemove{"ca.remove_identity", R"sql(
  DELETE FROM service_identities WHERE id = :id
)sql"};

const Statement kFind{"ca.find_identity", R"sql(
  SELECT id, tenant, name, account, account_name, spiffe_id, dns_names, addresses, key_types,
    client_auth, server_auth, lifetime, max_lifetime, created_at, updated_at, revision
  FROM service_identities WHERE id = :id
)sql"};

const Statement kList{"ca.list_identities", R"sql(
  SELECT id, tenant, name, account, account_name, spiffe_id, dns_names, addresses, key_types,
    client_auth, server_auth, lifetime, max_lifetime, created_at, updated_at, revision
  FROM service_identities WHERE tenant = :tenant
  ORDER BY name COLLATE "C" LIMIT :limit OFFSET :offset
)sql"};

const Statement kListOfAccount{"ca.list_account_identities", R"sql(
  SELECT id, tenant, name, account, account_name, spiffe_id, dns_names, addresses, key_types,
    client_auth, server_auth, lifetime, max_lifetime, created_at, updated_at, revision
  FROM service_identities WHERE account = :account AND tenant = :tenant
  ORDER BY name COLLATE "C" LIMIT :limit
)sql"};

const Statement kCount{"ca.count_identities", R"sql(
  SELECT COUNT(*) FROM (
    SELECT id FROM service_identities WHERE tenant = :tenant LIMIT :bound) AS found
)sql"};

// One seek in certificates_newest for each identity.
#define QAPI_EXPIRIES                                     \
  "SELECT e.tenant, e.name, e.ends FROM ("                \
  "  SELECT i.tenant, i.name, ("                          \
  "    SELECT c.not_after FROM certificates c "           \
  "    WHERE c.identity_id = i.id AND c.state = 'issued'" \
  "    ORDER BY c.created_at DESC, c.id DESC LIMIT 1"     \
  "  ) AS ends FROM service_identities i) AS e "

const Statement kExpiries{"ca.list_expiries", QAPI_EXPIRIES
                          "WHERE e.ends > :now "
                          "ORDER BY e.ends, e.tenant, e.name COLLATE \"C\" LIMIT :limit"};
const Statement kEnded{"ca.list_ended", QAPI_EXPIRIES
                       "WHERE e.ends > :after AND e.ends <= :now "
                       "ORDER BY e.ends DESC, e.tenant, e.name COLLATE \"C\" LIMIT :limit"};

using Texts = std::vector<std::string>;

Result<Texts> read_texts(std::string_view json) {
  if (json == "[]") return Texts();
  std::pmr::monotonic_buffer_resource memory;
  return json::decode<Texts>(json, memory);
}

Texts names_of(const std::vector<x509::KeyType>& types) {
  Texts names;
  for (const x509::KeyType type : types) names.emplace_back(x509::algorithm(type));
  return names;
}

Status read_identity(const Row& row, Identity& out) {
  out.id = row.id<IdentityId>(0);
  out.tenant = row.id<TenantId>(1);
  out.name = row.text(2);
  out.account = row.id<ServiceAccountId>(3);
  out.account_name = row.text(4);
  out.spiffe_id = row.text(5);
  TRY_ASSIGN(out.dns_names, read_texts(row.text(6)));
  TRY_ASSIGN(out.addresses, read_texts(row.text(7)));
  TRY_ASSIGN(const Texts types, read_texts(row.text(8)));
  for (const std::string& type : types) {
    TRY_ASSIGN(const x509::KeyType known, x509::parse_key_type(type));
    out.key_types.push_back(known);
  }
  out.client_auth = row.boolean(9);
  out.server_auth = row.boolean(10);
  out.lifetime = std::chrono::seconds(row.integer(11));
  out.max_lifetime = std::chrono::seconds(row.integer(12));
  out.created_at = row.time(13);
  out.updated_at = row.optional_time(14);
  out.revision = row.integer(15);
  return {};
}

Result<std::vector<Expiry>> expiries(Transaction& tx, const Statement& statement,
                                     store::Params params) {
  std::vector<Expiry> found;
  TRY(tx.each(statement, params, [&](const Row& row) -> Status {
    found.push_back({row.id<TenantId>(0), std::string(row.text(1)), row.time(2)});
    return {};
  }));
  return found;
}

}  // namespace

Status insert_identity(Transaction& tx, const Identity& identity) {
  const std::string dns_names = json::to_text(identity.dns_names);
  const std::string addresses = json::to_text(identity.addresses);
  const std::string key_types = json::to_text(names_of(identity.key_types));
  TRY_ASSIGN(const std::int64_t inserted,
             tx.execute(kInsert, {{"id", identity.id},
                                  {"tenant", identity.tenant},
                                  {"name", identity.name},
                                  {"account", identity.account},
                                  {"account_name", identity.account_name},
                                  {"spiffe_id", identity.spiffe_id},
                                  {"dns_names", dns_names},
                                  {"addresses", addresses},
                                  {"key_types", key_types},
                                  {"client_auth", identity.client_auth ? 1 : 0},
                                  {"server_auth", identity.server_auth ? 1 : 0},
                                  {"lifetime", identity.lifetime.count()},
                                  {"max_lifetime", identity.max_lifetime.count()},
                                  {"created_at", identity.created_at}}));
  if (inserted == 0)
    return fail(Code::kConflict, "an identity of this name or SPIFFE id exists already",
                "identity_conflict");
  return {};
}

Result<bool> update_identity(Transaction& tx, const Identity& identity) {
  const std::string dns_names = json::to_text(identity.dns_names);
  const std::string addresses = json::to_text(identity.addresses);
  const std::string key_types = json::to_text(names_of(identity.key_types));
  TRY_ASSIGN(const std::int64_t updated,
             tx.execute(kUpdate, {{"id", identity.id},
                                  {"account", identity.account},
                                  {"account_name", identity.account_name},
                                  {"spiffe_id", identity.spiffe_id},
                                  {"dns_names", dns_names},
                                  {"addresses", addresses},
                                  {"key_types", key_types},
                                  {"client_auth", identity.client_auth ? 1 : 0},
                                  {"server_auth", identity.server_auth ? 1 : 0},
                                  {"lifetime", identity.lifetime.count()},
                                  {"max_lifetime", identity.max_lifetime.count()},
                                  {"updated_at", identity.updated_at},
                                  {"revision", identity.revision}}));
  return updated == 1;
}

Status remove_identity(Transaction& tx, IdentityId id) {
  TRY(tx.execute(kRemove, {{"id", id}}));
  return {};
}

Result<std::optional<Identity>> find_identity(Transaction& tx, IdentityId id) {
  std::optional<Identity> found;
  TRY(tx.one(kFind, {{"id", id}},
             [&](const Row& row) { return read_identity(row, found.emplace()); }));
  return found;
}

Result<std::vector<Identity>> list_identities(Transaction& tx, TenantId tenant, std::int64_t offset,
                                              std::int64_t limit) {
  std::vector<Identity> found;
  TRY(tx.each(kList, {{"tenant", tenant}, {"offset", offset}, {"limit", limit}},
              [&](const Row& row) { return read_identity(row, found.emplace_back()); }));
  return found;
}

Result<std::vector<Identity>> list_account_identities(Transaction& tx, TenantId tenant,
                                                      ServiceAccountId account,
                                                      std::int64_t limit) {
  std::vector<Identity> found;
  TRY(tx.each(kListOfAccount, {{"tenant", tenant}, {"account", account}, {"limit", limit}},
              [&](const Row& row) { return read_identity(row, found.emplace_back()); }));
  return found;
}

Result<std::int64_t> count_identities(Transaction& tx, TenantId tenant, std::int64_t bound) {
  std::int64_t counted = 0;
  TRY(tx.one(kCount, {{"tenant", tenant}, {"bound", bound}}, [&](const Row& row) -> Status {
    counted = row.integer(0);
    return {};
  }));
  return counted;
}

Result<std::vector<Expiry>> list_expiries(Transaction& tx, WallTime now, std::int64_t limit) {
  return expiries(tx, kExpiries, {{"now", now}, {"limit", limit}});
}

Result<std::vector<Expiry>> list_ended(Transaction& tx, WallTime after, WallTime now,
                                       std::int64_t limit) {
  return expiries(tx, kEnded, {{"after", after}, {"now", now}, {"limit", limit}});
}

}  // namespace quantumapi::ca::repository
