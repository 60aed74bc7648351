#include "keyring/repository.h"

#include <algorithm>

#include "base/json.h"
#include "crypto/hash.h"
#include "keyring/material.h"

namespace quantumapi::keyring::repository {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

// Past this many rows the total of a filtered list is not counted on.
constexpr std::int64_t kCountBound = 10'000;
constexpr std::string_view kCounter = "keys";

constexpr Statement kFindRow{"keys.find_row", R"sql(
SELECT id, tenant, purpose, algorithm, latest_version, min_decryption_version, state, revision,
  expires_at, name, visible
FROM keys WHERE id = :id)sql"};

constexpr Statement kFindDefault{"keys.find_default", R"sql(
SELECT key_id, revision FROM key_defaults WHERE id = :id)sql"};

constexpr Statement kFindWrapped{"keys.find_wrapped", R"sql(
SELECT wrapped FROM key_versions WHERE key_id = :id AND version = :version)sql"};

#define QAPI_KEY_RECORD                                                               \
  "SELECT k.id, k.tenant, k.name, k.purpose, k.algorithm, k.description, k.labels, "  \
  "k.latest_version, k.min_decryption_version, k.state, k.created_at, k.updated_at, " \
  "k.rotated_at, v.sources, v.quantum, v.public_key, "                                \
  "(SELECT count(*) FROM key_versions n WHERE n.key_id = k.id), "                     \
  "(SELECT count(*) FROM key_defaults d WHERE d.key_id = k.id), "                     \
  "k.expires_at, k.scheduled_deletion_at, k.purge_protected, k.imported "             \
  "FROM keys k JOIN key_versions v ON v.key_id = k.id AND v.version = k.latest_version "

constexpr Statement kFindAny{"keys.find", QAPI_KEY_RECORD R"sql(
WHERE k.id = :id AND k.tenant = :tenant)sql"};

constexpr Statement kFindVisible{"keys.find_visible", QAPI_KEY_RECORD R"sql(
WHERE k.id = :id AND k.tenant = :tenant AND k.visible = 1)sql"};

constexpr Statement kFindByName{"keys.find_by_name", QAPI_KEY_RECORD R"sql(
WHERE k.tenant = :tenant AND k.visible = 1 AND k.name = :name AND k.state <> 'deleted')sql"};

constexpr Statement kNameTaken{"keys.name_taken", R"sql(
SELECT id FROM keys
WHERE tenant = :tenant AND visible = :visible AND name = :name AND state <> 'deleted')sql"};

// An empty filter lets everything pass; an empty state all but deleted keys.
#define QAPI_KEY_FILTER                               \
  "WHERE k.tenant = :tenant AND k.visible = 1 "       \
  "AND (:purpose = '' OR k.purpose = :purpose "       \
  "OR (:purpose = 'sign' AND k.purpose = 'image')) "  \
  "AND ((:state = '' AND k.state <> 'deleted') "      \
  "OR (k.state = :state AND (:state <> 'active' OR "  \
  "k.expires_at IS NULL OR k.expires_at > :now_at)) " \
  "OR (:state = 'disabled' AND k.state = 'active' "   \
  "AND k.expires_at <= :now_at)) "

constexpr Statement kList{"keys.list", QAPI_KEY_RECORD QAPI_KEY_FILTER R"sql(
ORDER BY k.created_at DESC, k.id DESC LIMIT :limit OFFSET :offset)sql"};

constexpr Statement kListVersions{
    "keys.list_versions",
    "SELECT k.id, k.tenant, k.name, k.purpose, k.algorithm, k.description, k.labels, "
    "v.version, k.min_decryption_version, k.state, v.created_at, k.updated_at, "
    "k.rotated_at, v.sources, v.quantum, v.public_key, "
    "(SELECT count(*) FROM key_versions n WHERE n.key_id = k.id), "
    "(SELECT count(*) FROM key_defaults d WHERE d.key_id = k.id), "
    "k.expires_at, k.scheduled_deletion_at, k.purge_protected, k.imported "
    "FROM keys k JOIN key_versions v ON v.key_id = k.id " QAPI_KEY_FILTER R"sql(
ORDER BY k.created_at DESC, k.id DESC, v.version DESC LIMIT :limit OFFSET :offset)sql"};

constexpr Statement kCountVersions{"keys.count_versions",
                                   "SELECT count(*) FROM (SELECT v.version FROM keys k "
                                   "JOIN key_versions v ON v.key_id = k.id " QAPI_KEY_FILTER
                                   R"sql(LIMIT :bound) AS counted)sql"};

constexpr Statement kCountFiltered{"keys.count_filtered",
                                   "SELECT count(*) FROM (SELECT k.id FROM keys k " QAPI_KEY_FILTER
                                   R"sql(LIMIT :bound) AS counted)sql"};

constexpr Statement kTotal{"keys.total", R"sql(
SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM counters
WHERE tenant = :tenant AND kind = :kind)sql"};

constexpr Statement kCount{"keys.count", R"sql(
INSERT INTO counters (tenant, kind, shard, n) VALUES (:tenant, :kind, :shard, :delta)
ON CONFLICT (tenant, kind, shard) DO UPDATE SET n = counters.n + excluded.n)sql"};

// A key that was the default more than once stands where it was last.
constexpr Statement kHistory{"keys.default_history", R"sql(
SELECT h.key_id, v.version
FROM (SELECT key_id, max(revision) AS newest FROM key_default_history
      WHERE default_id = :id GROUP BY key_id) AS h
JOIN key_versions v ON v.key_id = h.key_id
ORDER BY h.newest DESC, v.version DESC)sql"};

constexpr Statement kInsertKey{"keys.insert", R"sql(
INSERT INTO keys (id, tenant, name, visible, purpose, algorithm, description, labels,
  latest_version, next_version, min_decryption_version, state, created_at, revision,
  expires_at, imported)
VALUES (:id, :tenant, :name, :visible, :purpose, :algorithm, :description, :labels,
  1, 2, 1, 'active', :created_at, 1, :expires_at, :imported))sql"};

constexpr Statement kInsertVersion{"keys.insert_version", R"sql(
INSERT INTO key_versions (key_id, version, wrapped, public_key, sources, quantum, created_at)
VALUES (:id, :version, :wrapped, :public_key, :sources, :quantum, :created_at))sql"};

constexpr Statement kSetDefault{"keys.set_default", R"sql(
INSERT INTO key_defaults (id, tenant, purpose, key_id, since, revision)
VALUES (:id, :tenant, :purpose, :key, :since, 1)
ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, since = excluded.since,
  revision = key_defaults.revision + 1)sql"};

constexpr Statement kRememberDefault{"keys.remember_default", R"sql(
INSERT INTO key_default_history (default_id, revision, key_id, since)
SELECT id, revision, key_id, since FROM key_defaults WHERE id = :id)sql"};

constexpr Statement kTakeVersion{"keys.take_version", R"sql(
UPDATE keys SET next_version = next_version + 1
WHERE id = :id AND tenant = :tenant AND state = 'active')sql"};

constexpr Statement kTakenVersion{"keys.taken_version", R"sql(
SELECT next_version - 1 FROM keys WHERE id = :id)sql"};

constexpr Statement kUseVersion{"keys.use_version", R"sql(
UPDATE keys SET
  latest_version = CASE WHEN latest_version < :version THEN :version ELSE latest_version END,
  updated_at = :now, rotated_at = :now, revision = revision + 1
WHERE id = :id AND tenant = :tenant AND state = 'active')sql"};

constexpr Statement kPutPersonal{"keys.put_personal", R"sql(
INSERT INTO personal_keys (principal, tenant, wrapped, created_at)
VALUES (:principal, :tenant, :wrapped, :created_at))sql"};

constexpr Statement kFindPersonal{"keys.find_personal", R"sql(
SELECT wrapped FROM personal_keys WHERE principal = :principal AND tenant = :tenant)sql"};

constexpr Statement kPutLookup{"keys.put_lookup", R"sql(
INSERT INTO lookup_keys (id, wrapped, created_at) VALUES (:id, :wrapped, :created_at))sql"};

constexpr Statement kFindLookup{"keys.find_lookup", R"sql(
SELECT wrapped FROM lookup_keys WHERE id = :id)sql"};

constexpr Statement kNewestLookup{"keys.newest_lookup", R"sql(
SELECT id FROM lookup_keys ORDER BY created_at DESC, id DESC LIMIT 1)sql"};

#undef QAPI_KEY_RECORD
#undef QAPI_KEY_FILTER

// first gives what `read` makes of the first row, or nothing where there is none.
template <typename Read>
auto first(Transaction& tx, const Statement& statement, store::Params params, Read read)
    -> Result<std::optional<typename std::invoke_result_t<Read, const Row&>::value_type>> {
  std::optional<typename std::invoke_result_t<Read, const Row&>::value_type> out;
  TRY(tx.one(statement, params, [&](const Row& row) -> Status {
    TRY_ASSIGN(out, read(row));
    return {};
  }));
  return out;
}

std::uint32_t version_at(const Row& row, int column) {
  return static_cast<std::uint32_t>(row.integer(column));
}

Result<KeyRow> to_row(const Row& row) {
  TRY_ASSIGN(const Purpose purpose, parse_purpose(row.text(2)));
  return KeyRow{.id = row.id<KeyId>(0),
                .tenant = row.id<TenantId>(1),
                .name = std::string(row.text(9)),
                .visible = row.integer(10) != 0,
                .purpose = purpose,
                .algorithm = algorithm_name(row.text(3)),
                .latest_version = version_at(row, 4),
                .min_decryption_version = version_at(row, 5),
                .state = std::string(row.text(6)),
                .expires_at = row.optional_time(8),
                .revision = row.integer(7)};
}

Result<std::vector<std::string>> to_labels(std::string_view text) {
  WipingArena arena;
  return json::decode<std::vector<std::string>>(text, arena);
}

Result<KeyRecord> to_record(const Row& row) {
  TRY_ASSIGN(const Purpose purpose, parse_purpose(row.text(3)));
  TRY_ASSIGN(auto labels, to_labels(row.text(6)));
  return KeyRecord{.id = row.id<KeyId>(0),
                   .tenant = row.id<TenantId>(1),
                   .name = std::string(row.text(2)),
                   .purpose = purpose,
                   .algorithm = std::string(row.text(4)),
                   .description = std::string(row.text(5)),
                   .labels = std::move(labels),
                   .latest_version = version_at(row, 7),
                   .min_decryption_version = version_at(row, 8),
                   .version_count = version_at(row, 16),
                   .is_default = row.integer(17) > 0,
                   .state = std::string(row.text(9)),
                   .created_at = row.time(10),
                   .updated_at = row.optional_time(11),
                   .rotated_at = row.optional_time(12),
                   .sources = std::string(row.text(13)),
                   .quantum = row.boolean(14),
                   .public_key = row.bytes(15),
                   .expires_at = row.optional_time(18),
                   .scheduled_deletion_at = row.optional_time(19),
                   .purge_protected = row.boolean(20),
                   .imported = row.boolean(21)};
}

Result<Bytes> to_bytes(const Row& row) { return row.bytes(0); }
Result<std::int64_t> to_integer(const Row& row) { return row.integer(0); }

}  // namespace

Uuid default_id(TenantId tenant, Purpose purpose) {
  const crypto::Digest digest = crypto::sha256({tenant.bytes(), as_bytes(to_string(purpose))});
  Uuid id;
  std::copy_n(digest.begin(), id.octets.size(), id.octets.begin());
  return id;
}

Result<std::optional<KeyRow>> find_row(Transaction& tx, KeyId id) {
  return first(tx, kFindRow, {{"id", id}}, to_row);
}

Result<std::optional<DefaultRow>> find_default(Transaction& tx, const Uuid& id) {
  return first(tx, kFindDefault, {{"id", id}}, [](const Row& row) -> Result<DefaultRow> {
    return DefaultRow{row.id<KeyId>(0), row.integer(1)};
  });
}

Result<std::optional<Bytes>> find_wrapped(Transaction& tx, KeyId id, std::uint32_t version) {
  return first(tx, kFindWrapped, {{"id", id}, {"version", version}}, to_bytes);
}

Result<std::optional<KeyRecord>> find_visible(Transaction& tx, TenantId tenant, KeyId id) {
  return first(tx, kFindVisible, {{"id", id}, {"tenant", tenant}}, to_record);
}

Result<std::optional<KeyRecord>> find_visible(Transaction& tx, TenantId tenant,
                                              std::string_view name) {
  return first(tx, kFindByName, {{"tenant", tenant}, {"name", name}}, to_record);
}

Result<std::optional<KeyRecord>> find_any(Transaction& tx, TenantId tenant, KeyId id) {
  return first(tx, kFindAny, {{"id", id}, {"tenant", tenant}}, to_record);
}

Result<bool> name_taken(Transaction& tx, TenantId tenant, bool visible, std::string_view name) {
  return tx.one(kNameTaken, {{"tenant", tenant}, {"visible", int{visible}}, {"name", name}},
                [](const Row&) -> Status { return {}; });
}

Result<KeyPage> list(Transaction& tx, TenantId tenant, const Keyring::Filter& filter,
                     WallTime now) {
  const std::string_view purpose = filter.purpose ? to_string(*filter.purpose) : "";
  const std::string state = filter.state.value_or("");
  const bool whole = purpose.empty() && state.empty() && !filter.all_versions;
  KeyPage page;
  TRY(tx.each(filter.all_versions ? kListVersions : kList,
              {{"tenant", tenant},
               {"purpose", purpose},
               {"state", state},
               {"now_at", now},
               {"limit", filter.limit},
               {"offset", filter.offset}},
              [&](const Row& row) -> Status {
                TRY_ASSIGN(KeyRecord record, to_record(row));
                page.keys.push_back(std::move(record));
                return {};
              }));
  const auto total = whole ? first(tx, kTotal, {{"tenant", tenant}, {"kind", kCounter}}, to_integer)
                           : first(tx, filter.all_versions ? kCountVersions : kCountFiltered,
                                   {{"tenant", tenant},
                                    {"purpose", purpose},
                                    {"state", state},
                                    {"now_at", now},
                                    {"bound", kCountBound}},
                                   to_integer);
  if (!total) return std::unexpected(total.error());
  page.total = total->value_or(0);
  return page;
}

Result<std::vector<std::pair<KeyId, std::uint32_t>>> default_history(Transaction& tx,
                                                                     const Uuid& default_row) {
  std::vector<std::pair<KeyId, std::uint32_t>> history;
  TRY(tx.each(kHistory, {{"id", default_row}}, [&](const Row& row) -> Status {
    history.emplace_back(row.id<KeyId>(0), version_at(row, 1));
    return {};
  }));
  return history;
}

Status insert_key(Transaction& tx, const Keyring::Prepared& key) {
  const std::string labels = json::to_text(key.key.labels);
  const auto inserted = tx.execute(kInsertKey, {{"id", key.id},
                                                {"tenant", key.key.tenant},
                                                {"name", key.key.name},
                                                {"visible", int{is_visible(key.key.purpose)}},
                                                {"purpose", to_string(key.key.purpose)},
                                                {"algorithm", key.key.algorithm},
                                                {"description", key.key.description},
                                                {"labels", labels},
                                                {"expires_at", key.key.expires_at},
                                                {"imported", int{key.imported}},
                                                {"created_at", key.at}});
  if (!inserted && inserted.error().code == Code::kConflict)
    return fail(Code::kConflict, "a key of this name exists", "key_name_conflict");
  if (!inserted) return std::unexpected(inserted.error());
  return {};
}

Status insert_version(Transaction& tx, const NewVersion& version) {
  TRY(tx.execute(kInsertVersion, {{"id", version.key},
                                  {"version", version.version},
                                  {"wrapped", version.wrapped},
                                  {"public_key", version.public_key},
                                  {"sources", version.sources},
                                  {"quantum", int{version.quantum}},
                                  {"created_at", version.at}}));
  return {};
}

Status set_default(Transaction& tx, TenantId tenant, Purpose purpose, KeyId key, WallTime now) {
  const Uuid id = default_id(tenant, purpose);
  TRY(tx.execute(kSetDefault, {{"id", id},
                               {"tenant", tenant},
                               {"purpose", to_string(purpose)},
                               {"key", key},
                               {"since", now}}));
  TRY(tx.execute(kRememberDefault, {{"id", id}}));
  return {};
}

Status count(Transaction& tx, TenantId tenant, const Uuid& id, std::int64_t delta) {
  TRY(tx.execute(kCount, {{"tenant", tenant},
                          {"kind", kCounter},
                          {"shard", id.octets.back() & 15},
                          {"delta", delta}}));
  return {};
}

Result<std::optional<std::uint32_t>> take_version(Transaction& tx, TenantId tenant, KeyId key) {
  TRY_ASSIGN(const std::int64_t changed,
             tx.execute(kTakeVersion, {{"id", key}, {"tenant", tenant}}));
  if (changed == 0) return std::nullopt;
  return first(tx, kTakenVersion, {{"id", key}},
               [](const Row& row) -> Result<std::uint32_t> { return version_at(row, 0); });
}

Result<bool> use_version(Transaction& tx, TenantId tenant, KeyId key, std::uint32_t version,
                         WallTime now) {
  TRY_ASSIGN(const std::int64_t changed,
             tx.execute(kUseVersion,
                        {{"id", key}, {"tenant", tenant}, {"version", version}, {"now", now}}));
  return changed > 0;
}

Status put_personal_key(Transaction& tx, TenantId tenant, const Uuid& principal, ByteView wrapped,
                        WallTime now) {
  TRY(tx.execute(
      kPutPersonal,
      {{"principal", principal}, {"tenant", tenant}, {"wrapped", wrapped}, {"created_at", now}}));
  return {};
}

Result<std::optional<Bytes>> find_personal_key(Transaction& tx, TenantId tenant,
                                               const Uuid& principal) {
  return first(tx, kFindPersonal, {{"principal", principal}, {"tenant", tenant}}, to_bytes);
}

Status put_lookup_key(Transaction& tx, const Uuid& id, ByteView wrapped, WallTime now) {
  TRY(tx.execute(kPutLookup, {{"id", id}, {"wrapped", wrapped}, {"created_at", now}}));
  return {};
}

Result<std::optional<Bytes>> find_lookup_key(Transaction& tx, const Uuid& id) {
  return first(tx, kFindLookup, {{"id", id}}, to_bytes);
}

Result<std::optional<Uuid>> newest_lookup_key(Transaction& tx) {
  return first(tx, kNewestLookup, {}, [](const Row& row) -> Result<Uuid> { return row.uuid(0); });
}

}  // namespace quantumapi::keyring::repository
