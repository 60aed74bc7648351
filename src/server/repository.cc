#include "server/repository.h"

namespace quantumapi::server::repository {
namespace {

using store::Statement;

// The stored formats that this version can read: raised with each new one, so
// that a new format is written only when every replica reads it.
constexpr std::int64_t kFormats = 1;

// The tables of the platform and of its tenants are those of the migrations 1 and 2.
constexpr Statement kCountFirstMigrations{
    "platform.first_migrations",
    R"sql(SELECT count(*) FROM schema_migrations WHERE number IN (1, 2))sql"};
constexpr Statement kFindInstallation{
    "platform.find",
    R"sql(SELECT installation, root_key, root_check FROM platform WHERE one = 1)sql"};
constexpr Statement kInsertInstallation{
    "platform.insert",
    R"sql(INSERT INTO platform (one, installation, root_key, root_check, created_at)
VALUES (1, :installation, :root_key, :root_check, :now))sql"};
constexpr Statement kPutReplica{
    "replicas.put",
    R"sql(INSERT INTO replicas (process, version, formats, started_at, seen_at)
VALUES (:process, :version, :formats, :now, :now)
ON CONFLICT (process) DO UPDATE SET seen_at = :now)sql"};
constexpr Statement kTouchReplica{
    "replicas.touch", R"sql(UPDATE replicas SET seen_at = :now WHERE process = :process)sql"};
constexpr Statement kRemoveReplica{"replicas.remove",
                                   R"sql(DELETE FROM replicas WHERE process = :process)sql"};
constexpr Statement kListIdentities{
    "server_identities.list",
    R"sql(SELECT id, key_type, chain_pem, root_pem, wrapped FROM server_identities ORDER BY created_at, key_type)sql"};
constexpr Statement kInsertIdentity{
    "server_identities.insert",
    R"sql(INSERT INTO server_identities (id, key_type, chain_pem, root_pem, wrapped, created_at)
VALUES (:id, :key_type, :chain_pem, :root_pem, :wrapped, :now))sql"};

}  // namespace

Result<bool> has_first_tables(store::Transaction& tx) {
  std::int64_t count = 0;
  TRY(tx.one(kCountFirstMigrations, {}, [&](const store::Row& row) -> Status {
    count = row.integer(0);
    return {};
  }));
  return count == 2;
}

Result<std::optional<Installation>> find_installation(store::Transaction& tx) {
  std::optional<Installation> found;
  TRY(tx.one(kFindInstallation, {}, [&](const store::Row& row) -> Status {
    found = Installation{row.uuid(0), row.id<RootKeyId>(1), row.bytes(2)};
    return {};
  }));
  return found;
}

Status insert_installation(store::Transaction& tx, const Installation& installation, WallTime now) {
  TRY(tx.execute(kInsertInstallation, {{"installation", installation.id},
                                       {"root_key", installation.root_key},
                                       {"root_check", installation.root_check},
                                       {"now", now}}));
  return {};
}

Status put_replica(store::Transaction& tx, ProcessId process, std::string_view version,
                   WallTime now) {
  TRY(tx.execute(
      kPutReplica,
      {{"process", process}, {"version", version}, {"formats", kFormats}, {"now", now}}));
  return {};
}

Status touch_replica(store::Transaction& tx, ProcessId process, WallTime now) {
  TRY(tx.execute(kTouchReplica, {{"process", process}, {"now", now}}));
  return {};
}

Status remove_replica(store::Transaction& tx, ProcessId process) {
  TRY(tx.execute(kRemoveReplica, {{"process", process}}));
  return {};
}

Result<std::vector<ServerIdentityRow>> list_server_identities(store::Transaction& tx) {
  std::vector<ServerIdentityRow> rows;
  TRY(tx.each(kListIdentities, {}, [&](const store::Row& row) -> Status {
    rows.push_back({row.uuid(0), std::string(row.text(1)), std::string(row.text(2)),
                    std::string(row.text(3)), row.bytes(4)});
    return {};
  }));
  return rows;
}

Status insert_server_identity(store::Transaction& tx, const ServerIdentityRow& row, WallTime now) {
  TRY(tx.execute(kInsertIdentity, {{"id", row.id},
                                   {"key_type", row.key_type},
                                   {"chain_pem", row.chain_pem},
                                   {"root_pem", row.root_pem},
                                   {"wrapped", row.wrapped},
                                   {"now", now}}));
  return {};
}

}  // namespace quantumapi::server::repository
