#include "vault/repository.h"

#include <memory_resource>

#include "base/json.h"
#include "vault/name.h"

namespace quantumapi::vault {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr std::string_view kCounter = "secrets";

const Statement kInsert{"secrets.insert", R"sql(
  INSERT INTO secrets (id, tenant, name, name_folded, description, content_type, labels, fields,
    fields_version, has_totp, is_active, latest_version, created_at, expires_at, revision)
  VALUES (:id, :tenant, :name, :name_folded, :description, :content_type, :labels, :fields,
    :fields_version, :has_totp, :is_active, :version, :now, :expires_at, :revision)
)sql"};

const Statement kInsertLabel{"secrets.insert_label", R"sql(
  INSERT INTO secret_labels (secret, label) VALUES (:secret, :label)
)sql"};

const Statement kInsertVersion{"secrets.insert_version", R"sql(
  INSERT INTO secret_versions (secret, version, value, created_at, changed_by)
  VALUES (:secret, :version, :value, :now, :by)
)sql"};

const Statement kFind{"secrets.find", R"sql(
  SELECT s.id, s.tenant, s.name, s.description, s.content_type, s.labels, s.has_totp, s.is_active,
    s.latest_version, s.created_at, s.updated_at, s.expires_at, s.fields, s.fields_version,
    s.revision, v.value
  FROM secrets s JOIN secret_versions v ON v.secret = s.id AND v.version = s.latest_version
  WHERE s.id = :id AND s.deleted_at IS NULL
)sql"};

const Statement kFindRecord{"secrets.find_record", R"sql(
  SELECT s.id, s.tenant, s.name, s.description, s.content_type, s.labels, s.has_totp, s.is_active,
    s.latest_version, s.created_at, s.updated_at, s.expires_at
  FROM secrets s
  WHERE s.id = :id AND s.deleted_at IS NULL
)sql"};

const Statement kFindId{"secrets.find_id", R"sql(
  SELECT id FROM secrets WHERE tenant = :tenant AND name = :name AND deleted_at IS NULL
)sql"};

const Statement kFindName{"secrets.find_name", R"sql(
  SELECT name FROM secrets WHERE id = :id AND tenant = :tenant
)sql"};

const Statement kFindValue{"secrets.find_value", R"sql(
  SELECT value FROM secret_versions WHERE secret = :secret AND version = :version
)sql"};

const Statement kAdvance{"secrets.advance", R"sql(
  UPDATE secrets SET latest_version = :version, updated_at = :now, revision = revision + 1
  WHERE id = :id AND latest_version = :before AND deleted_at IS NULL
)sql"};

const Statement kBury{"secrets.bury", R"sql(
  UPDATE secrets SET deleted_at = :now, fields = :nothing, description = '', labels = '[]',
    revision = revision + 1
  WHERE id = :id AND deleted_at IS NULL
)sql"};

const Statement kDeleteVersions{"secrets.delete_versions", R"sql(
  DELETE FROM secret_versions WHERE secret = :secret
)sql"};

const Statement kDeleteLabels{"secrets.delete_labels", R"sql(
  DELETE FROM secret_labels WHERE secret = :secret
)sql"};

const Statement kAddToCounter{"secrets.add_to_counter", R"sql(
  INSERT INTO counters (tenant, kind, shard, n) VALUES (:tenant, :kind, :shard, :n)
  ON CONFLICT (tenant, kind, shard) DO UPDATE SET n = counters.n + excluded.n
)sql"};

const Statement kTotal{"secrets.total", R"sql(
  SELECT COALESCE(CAST(SUM(n) AS BIGINT), 0) FROM counters WHERE tenant = :tenant AND kind = :kind
)sql"};

const Statement kList{"secrets.list", R"sql(
  SELECT s.id, s.tenant, s.name, s.description, s.content_type, s.labels, s.has_totp, s.is_active,
    s.latest_version, s.created_at, s.updated_at, s.expires_at
  FROM secrets s
  WHERE s.tenant = :tenant AND s.deleted_at IS NULL
    AND (s.is_active = 1 OR :include_inactive = 1)
    AND (:content_type = '' OR s.content_type = :content_type)
    AND (:name_pattern = '' OR s.name_folded LIKE :name_pattern ESCAPE '!')
    AND (:label = '' OR EXISTS (
      SELECT 1 FROM secret_labels l WHERE l.secret = s.id AND l.label = :label))
  ORDER BY s.name COLLATE "C", s.id
  LIMIT :limit OFFSET :offset
)sql"};

const Statement kCount{"secrets.count", R"sql(
  SELECT COUNT(*) FROM (
    SELECT s.id
    FROM secrets s
    WHERE s.tenant = :tenant AND s.deleted_at IS NULL
      AND (s.is_active = 1 OR :include_inactive = 1)
      AND (:content_type = '' OR s.content_type = :content_type)
      AND (:name_pattern = '' OR s.name_folded LIKE :name_pattern ESCAPE '!')
      AND (:label = '' OR EXISTS (
        SELECT 1 FROM secret_labels l WHERE l.secret = s.id AND l.label = :label))
    LIMIT :bound) AS found
)sql"};

// Measured a page of secrets at a time: no statement reads the whole table.
const Statement kMeasurePage{"secrets.measure_page", R"sql(
  SELECT id FROM (SELECT id FROM secrets WHERE id > :after ORDER BY id LIMIT 10000) AS page
  ORDER BY id DESC LIMIT 1
)sql"};

const Statement kMeasureSecrets{"secrets.measure", R"sql(
  SELECT tenant, CAST(sum(length(fields)) AS BIGINT), count(*)
  FROM secrets WHERE id > :after AND id <= :last AND deleted_at IS NULL GROUP BY tenant
)sql"};

const Statement kMeasureVersions{"secrets.measure_versions", R"sql(
  SELECT s.tenant, CAST(sum(length(v.value)) AS BIGINT), CAST(0 AS BIGINT)
  FROM secrets s JOIN secret_versions v ON v.secret = s.id
  WHERE s.id > :after AND s.id <= :last GROUP BY s.tenant
)sql"};

const Statement kHistory{"secrets.history", R"sql(
  SELECT version, created_at, changed_by FROM secret_versions
  WHERE secret = :secret ORDER BY version DESC LIMIT :limit
)sql"};

Result<std::vector<std::string>> read_labels(std::string_view text) {
  if (text == "[]") return std::vector<std::string>();
  std::pmr::monotonic_buffer_resource memory;
  return json::decode<std::vector<std::string>>(text, memory);
}

// read_record reads the twelve columns that all queries of secrets begin with.
Status read_record(const Row& row, SecretRecord& out) {
  out.id = row.id<SecretId>(0);
  out.tenant = row.id<TenantId>(1);
  out.name = row.text(2);
  out.description = row.text(3);
  out.content_type = row.text(4);
  TRY_ASSIGN(out.labels, read_labels(row.text(5)));
  out.has_totp = row.boolean(6);
  out.is_active = row.boolean(7);
  out.version = static_cast<std::uint32_t>(row.integer(8));
  out.created_at = row.time(9);
  out.updated_at = row.optional_time(10);
  out.expires_at = row.optional_time(11);
  return {};
}

Status add_to_counter(Transaction& tx, const SecretRecord& record, std::int64_t n) {
  if (!record.is_active) return {};
  const int shard = record.id.uuid.octets.back() & 15;
  TRY(tx.execute(kAddToCounter,
                 {{"tenant", record.tenant}, {"kind", kCounter}, {"shard", shard}, {"n", n}}));
  return {};
}

Status insert_version(Transaction& tx, SecretId id, std::uint32_t version, ByteView value,
                      const Author& author) {
  TRY(tx.execute(kInsertVersion, {{"secret", id},
                                  {"version", version},
                                  {"value", value},
                                  {"now", author.at},
                                  {"by", author.account}}));
  return {};
}

}  // namespace

namespace repository {

Status insert(Transaction& tx, const SecretRow& row, ServiceAccountId by) {
  const SecretRecord& record = row.record;
  const std::string folded = fold_name(record.name);
  const std::string labels = json::to_text(record.labels);
  const auto inserted = tx.execute(kInsert, {{"id", record.id},
                                             {"tenant", record.tenant},
                                             {"name", record.name},
                                             {"name_folded", folded},
                                             {"description", record.description},
                                             {"content_type", record.content_type},
                                             {"labels", labels},
                                             {"fields", row.fields},
                                             {"fields_version", row.fields_version},
                                             {"has_totp", record.has_totp ? 1 : 0},
                                             {"is_active", record.is_active ? 1 : 0},
                                             {"version", record.version},
                                             {"now", record.created_at},
                                             {"expires_at", record.expires_at},
                                             {"revision", row.revision}});
  if (!inserted) {
    if (inserted.error().code != Code::kConflict || inserted.error().reason != "unique")
      return std::unexpected(inserted.error());
    return fail(Code::kConflict, "a secret of this name exists already", "secret_name_conflict");
  }
  for (const std::string& label : record.labels)
    TRY(tx.execute(kInsertLabel, {{"secret", record.id}, {"label", label}}));
  TRY(insert_version(tx, record.id, record.version, row.value, {by, record.created_at}));
  return add_to_counter(tx, record, 1);
}

Result<std::optional<SecretRow>> find(Transaction& tx, SecretId id) {
  std::optional<SecretRow> found;
  const auto read = [&](const Row& row) -> Status {
    SecretRow& secret = found.emplace();
    secret.fields = row.bytes(12);
    secret.fields_version = static_cast<std::uint32_t>(row.integer(13));
    secret.revision = row.integer(14);
    secret.value = row.bytes(15);
    return read_record(row, secret.record);
  };
  TRY(tx.one(kFind, {{"id", id}}, read));
  return found;
}

Result<std::optional<SecretRecord>> find_record(Transaction& tx, SecretId id) {
  std::optional<SecretRecord> found;
  TRY(tx.one(kFindRecord, {{"id", id}},
             [&](const Row& row) { return read_record(row, found.emplace()); }));
  return found;
}

Result<std::optional<SecretId>> find_id(Transaction& tx, TenantId tenant, std::string_view name) {
  std::optional<SecretId> found;
  TRY(tx.one(kFindId, {{"tenant", tenant}, {"name", name}}, [&](const Row& row) -> Status {
    found = row.id<SecretId>(0);
    return {};
  }));
  return found;
}

Result<std::optional<std::string>> find_name(Transaction& tx, TenantId tenant, SecretId id) {
  std::optional<std::string> name;
  TRY(tx.one(kFindName, {{"tenant", tenant}, {"id", id}}, [&](const Row& row) -> Status {
    name = row.text(0);
    return {};
  }));
  return name;
}

Result<std::optional<Bytes>> find_value(Transaction& tx, SecretId id, std::uint32_t version) {
  std::optional<Bytes> found;
  TRY(tx.one(kFindValue, {{"secret", id}, {"version", version}}, [&](const Row& row) -> Status {
    found = row.bytes(0);
    return {};
  }));
  return found;
}

Result<bool> add_version(Transaction& tx, SecretId id, std::uint32_t now_newest, ByteView value,
                         const Author& author) {
  TRY_ASSIGN(const std::int64_t advanced, tx.execute(kAdvance, {{"id", id},
                                                                {"version", now_newest},
                                                                {"before", now_newest - 1},
                                                                {"now", author.at}}));
  if (advanced == 0) return false;
  TRY(insert_version(tx, id, now_newest, value, author));
  return true;
}

Status remove(Transaction& tx, const SecretRecord& record, WallTime now) {
  TRY(tx.execute(kBury, {{"id", record.id}, {"now", now}, {"nothing", ByteView()}}));
  TRY(tx.execute(kDeleteVersions, {{"secret", record.id}}));
  TRY(tx.execute(kDeleteLabels, {{"secret", record.id}}));
  return add_to_counter(tx, record, -1);
}

bool Selection::narrows() const {
  return include_inactive || !content_type.empty() || !name_pattern.empty() || !label.empty();
}

Result<std::vector<SecretRecord>> list(Transaction& tx, const Selection& selection,
                                       std::int64_t offset, std::int64_t limit) {
  std::vector<SecretRecord> secrets;
  TRY(tx.each(kList,
              {{"tenant", selection.tenant},
               {"include_inactive", selection.include_inactive ? 1 : 0},
               {"content_type", selection.content_type},
               {"name_pattern", selection.name_pattern},
               {"label", selection.label},
               {"limit", limit},
               {"offset", offset}},
              [&](const Row& row) { return read_record(row, secrets.emplace_back()); }));
  return secrets;
}

Result<std::int64_t> count(Transaction& tx, const Selection& selection, std::int64_t bound) {
  std::int64_t found = 0;
  TRY(tx.one(kCount,
             {{"tenant", selection.tenant},
              {"include_inactive", selection.include_inactive ? 1 : 0},
              {"content_type", selection.content_type},
              {"name_pattern", selection.name_pattern},
              {"label", selection.label},
              {"bound", bound}},
             [&](const Row& row) -> Status {
               found = row.integer(0);
               return {};
             }));
  return found;
}

Result<std::int64_t> total(Transaction& tx, TenantId tenant) {
  std::int64_t found = 0;
  TRY(tx.one(kTotal, {{"tenant", tenant}, {"kind", kCounter}}, [&](const Row& row) -> Status {
    found = row.integer(0);
    return {};
  }));
  return found;
}

Result<std::vector<VaultService::Version>> history(Transaction& tx, SecretId id, int limit) {
  std::vector<VaultService::Version> versions;
  TRY(tx.each(kHistory, {{"secret", id}, {"limit", limit}}, [&](const Row& row) -> Status {
    versions.push_back(
        {static_cast<std::uint32_t>(row.integer(0)), row.time(1), row.uuid(2).to_string()});
    return {};
  }));
  return versions;
}

Status measure(Transaction& tx,
               const std::function<void(TenantId, std::int64_t, std::int64_t)>& each) {
  const auto tell = [&](const Row& row) -> Status {
    each(row.id<TenantId>(0), row.integer(1), row.integer(2));
    return {};
  };
  for (Uuid after;;) {
    Uuid last;
    TRY_ASSIGN(const bool more,
               tx.one(kMeasurePage, {{"after", after}}, [&](const Row& row) -> Status {
                 last = row.uuid(0);
                 return {};
               }));
    if (!more) return {};
    TRY(tx.each(kMeasureSecrets, {{"after", after}, {"last", last}}, tell));
    TRY(tx.each(kMeasureVersions, {{"after", after}, {"last", last}}, tell));
    after = last;
  }
}

}  // namespace repository
}  // namespace quantumapi::vault
