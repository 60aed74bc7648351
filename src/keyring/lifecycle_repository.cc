#include "keyring/lifecycle_repository.h"

#include <algorithm>

#include "base/json.h"
#include "crypto/hash.h"
#include "keyring/octets.h"

namespace quantumapi::keyring::repository {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr Statement kUpdate{"keys.update", R"sql(
UPDATE keys SET name = :name, description = :description, labels = :labels, state = :state,
  purge_protected = :purge_protected, expires_at = :expires_at, updated_at = :at, revision = revision + 1
WHERE id = :id AND tenant = :tenant)sql"};

constexpr Statement kSetMinimum{"keys.set_minimum", R"sql(
UPDATE keys SET min_decryption_version = :version, updated_at = :at, revision = revision + 1
WHERE id = :id AND tenant = :tenant)sql"};

constexpr Statement kVersions{"keys.versions", R"sql(
SELECT version, created_at FROM key_versions WHERE key_id = :id ORDER BY version DESC)sql"};

constexpr Statement kPublicKey{"keys.public_key", R"sql(
SELECT public_key FROM key_versions WHERE key_id = :id AND version = :version)sql"};

constexpr Statement kSchedule{"keys.schedule", R"sql(
UPDATE keys SET state_before = state, state = 'scheduled_deletion',
  scheduled_deletion_at = :due, updated_at = :at, revision = revision + 1
WHERE id = :id AND tenant = :tenant)sql"};

constexpr Statement kUnschedule{"keys.unschedule", R"sql(
UPDATE keys SET state = coalesce(state_before, 'disabled'), state_before = NULL,
  scheduled_deletion_at = NULL, updated_at = :at, revision = revision + 1
WHERE id = :id AND tenant = :tenant)sql"};

constexpr Statement kDue{"keys.due", R"sql(
SELECT id, tenant FROM keys
WHERE scheduled_deletion_at IS NOT NULL AND destroyed_at IS NULL
  AND scheduled_deletion_at <= :now_at
  AND (state = 'deleted' OR (state = 'scheduled_deletion' AND purge_protected = 0))
ORDER BY scheduled_deletion_at, id LIMIT :limit)sql"};

constexpr Statement kEnd{"keys.end", R"sql(
UPDATE keys SET state = 'deleted', updated_at = :at, revision = revision + 1
WHERE id = :id AND tenant = :tenant AND state = 'scheduled_deletion' AND purge_protected = 0
  AND scheduled_deletion_at <= :at)sql"};

constexpr Statement kDestroy{"keys.destroy", R"sql(
UPDATE key_versions SET wrapped = :nothing WHERE key_id = :id)sql"};

constexpr Statement kDestroyed{"keys.destroyed", R"sql(
UPDATE keys SET destroyed_at = :at, revision = revision + 1
WHERE id = :id AND tenant = :tenant AND state = 'deleted')sql"};

// No wrap is one octet long, so what is destroyed can't be taken for one.
constexpr std::uint8_t kNothing[]{0};

Uuid version_id(KeyId key, std::uint32_t version) {
  std::uint8_t number[sizeof(version)];
  keyring::store(version, number);
  const crypto::Digest digest = crypto::sha256({key.bytes(), number});
  Uuid id;
  std::copy_n(digest.begin(), id.octets.size(), id.octets.begin());
  // RFC 9562 section 5.8: version 8, variant 10.
  id.octets[6] = static_cast<std::uint8_t>((id.octets[6] & 0x0f) | 0x80);
  id.octets[8] = static_cast<std::uint8_t>((id.octets[8] & 0x3f) | 0x80);
  return id;
}

constexpr Statement kMeasure{"keys.measure", R"sql(
SELECT k.tenant, CAST(sum(length(v.wrapped) + length(v.public_key)) AS BIGINT),
  count(DISTINCT k.id)
FROM keys k JOIN key_versions v ON v.key_id = k.id
WHERE k.visible = 1 AND k.state <> 'deleted' GROUP BY k.tenant)sql"};

}  // namespace

Status update(Transaction& tx, const KeyRecord& key, WallTime now) {
  const std::string labels = base::json::to_text(key.labels);
  const auto changed = tx.execute(kUpdate, {{"id", key.id},
                                            {"tenant", key.tenant},
                                            {"name", key.name},
                                            {"description", key.description},
                                            {"labels", labels},
                                            {"state", key.state},
                                            {"purge_protected", int{key.purge_protected}},
                                            {"expires_at", key.expires_at},
                                            {"at", now}});
  if (!changed && changed.error().code == Code::kConflict)
    return fail(Code::kConflict, "a key of this name exists", "key_name_conflict");
  if (!changed) return std::unexpected(changed.error());
  return {};
}

Status set_minimum(Transaction& tx, TenantId tenant, KeyId key, std::uint32_t version,
                   WallTime now) {
  TRY(tx.execute(kSetMinimum,
                 {{"id", key}, {"tenant", tenant}, {"version", version}, {"at", now}}));
  return {};
}

Result<std::vector<VersionRecord>> versions(Transaction& tx, KeyId key) {
  std::vector<VersionRecord> out;
  TRY(tx.each(kVersions, {{"id", key}}, [&](const Row& row) -> Status {
    const auto version = static_cast<std::uint32_t>(row.integer(0));
    VersionRecord record{
        .id = version_id(key, version), .version = version, .created_at = row.time(1), .state = {}};
    if (!out.empty()) record.rotated_at = out.back().created_at;
    out.push_back(std::move(record));
    return {};
  }));
  return out;
}

Result<std::optional<Bytes>> find_public_key(Transaction& tx, KeyId key, std::uint32_t version) {
  std::optional<Bytes> found;
  TRY(tx.one(kPublicKey, {{"id", key}, {"version", version}}, [&](const Row& row) -> Status {
    found = row.bytes(0);
    return {};
  }));
  return found;
}

Status schedule(Transaction& tx, TenantId tenant, KeyId key, WallTime at, WallTime now) {
  TRY(tx.execute(kSchedule, {{"id", key}, {"tenant", tenant}, {"due", at}, {"at", now}}));
  return {};
}

Status unschedule(Transaction& tx, TenantId tenant, KeyId key, WallTime now) {
  TRY(tx.execute(kUnschedule, {{"id", key}, {"tenant", tenant}, {"at", now}}));
  return {};
}

Result<std::vector<DueKey>> due(Transaction& tx, WallTime now, std::int64_t limit) {
  std::vector<DueKey> out;
  TRY(tx.each(kDue, {{"now_at", now}, {"limit", limit}}, [&](const Row& row) -> Status {
    out.push_back({row.id<KeyId>(0), row.id<TenantId>(1)});
    return {};
  }));
  return out;
}

Result<bool> end(Transaction& tx, const DueKey& key, WallTime now) {
  TRY_ASSIGN(const std::int64_t changed,
             tx.execute(kEnd, {{"id", key.key}, {"tenant", key.tenant}, {"at", now}}));
  return changed > 0;
}

Status destroy(Transaction& tx, const DueKey& key, WallTime now) {
  TRY(tx.execute(kDestroy, {{"id", key.key}, {"nothing", ByteView(kNothing)}}));
  TRY(tx.execute(kDestroyed, {{"id", key.key}, {"tenant", key.tenant}, {"at", now}}));
  return {};
}

Status measure(Transaction& tx,
               const std::function<void(TenantId, std::int64_t, std::int64_t)>& each) {
  const auto tell = [&](const Row& row) -> Status {
    each(row.id<TenantId>(0), row.integer(1), row.integer(2));
    return {};
  };
  return tx.each(kMeasure, {}, tell);
}

}  // namespace quantumapi::keyring::repository
