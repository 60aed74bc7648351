#include "keyring/journal_repository.h"

namespace quantumapi::keyring::repository {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr Statement kPutEnding{"journal.put_ending", R"sql(
INSERT INTO journal_endings (object, kind, tenant, ended_at)
VALUES (:object, :kind, :tenant, :ended_at)
ON CONFLICT (object, kind) DO NOTHING)sql"};

constexpr Statement kDropEnding{"journal.drop_ending", R"sql(
DELETE FROM journal_endings WHERE object = :object AND kind = :kind)sql"};

constexpr Statement kListEndings{"journal.list_endings", R"sql(
SELECT object, kind, tenant, ended_at FROM journal_endings
ORDER BY ended_at, object LIMIT :limit)sql"};

constexpr Statement kEndingsOf{"journal.endings_of", R"sql(
SELECT object, kind, tenant, ended_at FROM journal_endings
WHERE object = :object AND tenant = :tenant)sql"};

constexpr Statement kListJournals{"journal.list", R"sql(
SELECT id, octets, mac FROM key_journals ORDER BY id)sql"};

constexpr Statement kPutJournal{"journal.put", R"sql(
INSERT INTO key_journals (id, octets, mac, seen_at, mark)
VALUES (:id, :octets, :mac, :seen_at, :mark)
ON CONFLICT (id) DO UPDATE SET octets = excluded.octets, mac = excluded.mac,
  seen_at = excluded.seen_at,
  mark = CASE WHEN key_journals.mark < excluded.mark THEN excluded.mark
              ELSE key_journals.mark END)sql"};

constexpr Statement kNewestMark{"journal.newest_mark", R"sql(
SELECT mark FROM key_journals WHERE id = :id)sql"};

constexpr Statement kEndAgain{"journal.end_key", R"sql(
UPDATE keys SET state = 'deleted', scheduled_deletion_at = :at, updated_at = :at,
  revision = revision + 1
WHERE id = :id AND tenant = :tenant AND state <> 'deleted')sql"};

constexpr Statement kCatchUp{"journal.catch_up", R"sql(
UPDATE keys SET
  latest_version = CASE WHEN latest_version < :version THEN :version ELSE latest_version END,
  next_version = CASE WHEN next_version <= :version THEN :version + 1 ELSE next_version END,
  updated_at = :at, rotated_at = :at, revision = revision + 1
WHERE id = :id AND tenant = :tenant)sql"};

Result<std::vector<Ending>> read_endings(Transaction& tx, const Statement& statement,
                                         store::Params params) {
  std::vector<Ending> out;
  TRY(tx.each(statement, params, [&](const Row& row) -> Status {
    TRY_ASSIGN(const Uuid object, Uuid::from_bytes(row.blob(0)));
    out.push_back({static_cast<JournalEntry::Kind>(row.integer(1)), row.id<TenantId>(2), object,
                   row.time(3)});
    return {};
  }));
  return out;
}

}  // namespace

Status put_ending(Transaction& tx, const Ending& ending) {
  TRY(tx.execute(kPutEnding, {{"object", ending.object},
                              {"kind", static_cast<int>(ending.kind)},
                              {"tenant", ending.tenant},
                              {"ended_at", ending.time}}));
  return {};
}

Status drop_ending(Transaction& tx, const Ending& ending) {
  TRY(tx.execute(kDropEnding,
                 {{"object", ending.object}, {"kind", static_cast<int>(ending.kind)}}));
  return {};
}

Result<std::vector<Ending>> list_endings(Transaction& tx, std::int64_t limit) {
  return read_endings(tx, kListEndings, {{"limit", limit}});
}

Result<std::vector<Ending>> endings_of(Transaction& tx, TenantId tenant, const Uuid& object) {
  return read_endings(tx, kEndingsOf, {{"object", object}, {"tenant", tenant}});
}

Result<std::vector<JournalPosition>> list_journals(Transaction& tx) {
  std::vector<JournalPosition> out;
  TRY(tx.each(kListJournals, {}, [&](const Row& row) -> Status {
    TRY_ASSIGN(const Uuid id, Uuid::from_bytes(row.blob(0)));
    out.push_back({id, static_cast<std::uint64_t>(row.integer(1)), row.bytes(2)});
    return {};
  }));
  return out;
}

Status put_journal(Transaction& tx, const JournalPosition& position, std::uint32_t mark,
                   WallTime now) {
  TRY(tx.execute(kPutJournal, {{"id", position.journal},
                               {"octets", static_cast<std::int64_t>(position.octets)},
                               {"mac", position.mac},
                               {"seen_at", now},
                               {"mark", mark}}));
  return {};
}

Result<std::uint32_t> newest_mark(Transaction& tx, const Uuid& journal) {
  std::uint32_t mark = 0;
  TRY(tx.one(kNewestMark, {{"id", journal}}, [&](const Row& row) -> Status {
    mark = static_cast<std::uint32_t>(row.integer(0));
    return {};
  }));
  return mark;
}

Result<bool> end_again(Transaction& tx, TenantId tenant, KeyId key, WallTime at) {
  TRY_ASSIGN(const auto ended,
             tx.execute(kEndAgain, {{"id", key}, {"tenant", tenant}, {"at", at}}));
  return ended != 0;
}

Status catch_up(Transaction& tx, TenantId tenant, KeyId key, std::uint32_t version, WallTime now) {
  TRY(tx.execute(kCatchUp, {{"id", key}, {"tenant", tenant}, {"version", version}, {"at", now}}));
  return {};
}

}  // namespace quantumapi::keyring::repository
