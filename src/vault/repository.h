// The rows of secrets: SQL and nothing else. Every function runs in a transaction of its caller.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/database.h"
#include "vault/service.h"

namespace quantumapi::vault {

// SecretRow is a secret with the sealed value of its newest version.
struct SecretRow {
  SecretRecord record;
  Bytes value;   // sealed, context "secret.value" and record.version
  Bytes fields;  // sealed, context "secret.fields" and fields_version; empty: none
  std::uint32_t fields_version = 1;
  std::int64_t revision = 1;
};

// Author is who made a version.
struct Author {
  ServiceAccountId account;
  WallTime at;
};

namespace repository {

// insert adds a secret with version 1. kConflict "secret_name_conflict" when
// the name is taken.
Status insert(store::Transaction& tx, const SecretRow& row, ServiceAccountId by);

// find gives a secret that is not deleted, whoever's it is.
Result<std::optional<SecretRow>> find(store::Transaction& tx, SecretId id);
Result<std::optional<SecretRecord>> find_record(store::Transaction& tx, SecretId id);
Result<std::optional<SecretId>> find_id(store::Transaction& tx, TenantId tenant,
                                        std::string_view name);
// find_name gives the name of a tenant's secret, be it deleted.
Result<std::optional<std::string>> find_name(store::Transaction& tx, TenantId tenant, SecretId id);
Result<std::optional<Bytes>> find_value(store::Transaction& tx, SecretId id, std::uint32_t version);

// add_version adds version `now_newest` with its sealed value; false, with
// nothing changed, when the newest is no longer the one before it.
Result<bool> add_version(store::Transaction& tx, SecretId id, std::uint32_t now_newest,
                         ByteView value, const Author& author);

// remove ends a secret: its versions, fields and labels go, a tombstone keeps
// its id and name.
Status remove(store::Transaction& tx, const SecretRecord& record, WallTime now);

// Selection is a list's filter as the statements take it; empty texts select everything.
struct Selection {
  TenantId tenant;
  bool include_inactive = false;
  std::string content_type;
  std::string name_pattern;  // LIKE, escaped by '!'
  std::string label;

  // narrows is false when the counter of the tenant is this selection's total.
  [[nodiscard]] bool narrows() const;
};
Result<std::vector<SecretRecord>> list(store::Transaction& tx, const Selection& selection,
                                       std::int64_t offset, std::int64_t limit);
// count is exact up to `bound`, and `bound` above it.
Result<std::int64_t> count(store::Transaction& tx, const Selection& selection, std::int64_t bound);
// total is how many active secrets the tenant has, from its counters.
Result<std::int64_t> total(store::Transaction& tx, TenantId tenant);

Result<std::vector<VaultService::Version>> history(store::Transaction& tx, SecretId id, int limit);

// measure gives what each tenant keeps here: octets and items. Several calls of
// `each` for a tenant add up.
Status measure(store::Transaction& tx,
               const std::function<void(TenantId, std::int64_t, std::int64_t)>& each);

}  // namespace repository
}  // namespace quantumapi::vault
