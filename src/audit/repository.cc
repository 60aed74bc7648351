#include "audit/repository.h"

#include <algorithm>

#include "audit/pending_repository.h"
#include "audit/segment_index.h"

namespace quantumapi::audit {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr std::int64_t kHour = 3'600'000'000;

constexpr Statement kTenantsWithLogs{
    "audit.tenants_with_logs",
    R"sql(SELECT tenant FROM audit_logs WHERE closed_at IS NULL ORDER BY tenant)sql"};

constexpr Statement kOpenLog{"audit.open_log",
                             R"sql(SELECT h.log, h.frontier, h.root, h.last_time, h.revision,
            l.opened_at, l.closed_at
          FROM audit_logs l JOIN audit_heads h ON h.log = l.id
          WHERE l.tenant = :tenant AND l.closed_at IS NULL)sql"};

constexpr Statement kLogsOf{"audit.logs_of",
                            R"sql(SELECT h.log, h.frontier, h.root, h.last_time, h.revision,
            l.opened_at, l.closed_at
          FROM audit_logs l JOIN audit_heads h ON h.log = l.id
          WHERE l.tenant = :tenant ORDER BY l.opened_at DESC)sql"};

constexpr Statement kFindLog{"audit.find_log",
                             R"sql(SELECT h.log, h.frontier, h.root, h.last_time, h.revision,
            l.opened_at, l.closed_at
          FROM audit_logs l JOIN audit_heads h ON h.log = l.id
          WHERE l.id = :id AND l.tenant = :tenant)sql"};

constexpr Statement kTenantOf{"audit.tenant_of",
                              R"sql(SELECT tenant FROM audit_logs WHERE id = :id)sql"};

constexpr Statement kInsertLog{
    "audit.insert_log",
    R"sql(INSERT INTO audit_logs (id, tenant, opened_at, previous_log, previous_size, previous_root)
          VALUES (:id, :tenant, :now, :previous, :size, :root))sql"};

constexpr Statement kCloseLog{
    "audit.close_log",
    R"sql(UPDATE audit_logs SET closed_at = :now WHERE id = :id AND closed_at IS NULL)sql"};

constexpr Statement kCloseHead{"audit.close_head",
                               R"sql(UPDATE audit_heads SET revision = revision + 1
          WHERE log = :log AND revision = :revision)sql"};

constexpr Statement kHasAnswered{"audit.has_answered",
                                 R"sql(SELECT 1 FROM audit_log_answers
          WHERE log = :log AND witness = :witness AND number >= :number)sql"};

constexpr Statement kPutAnswer{"audit.put_answer",
                               R"sql(INSERT INTO audit_log_answers (log, witness, number)
          VALUES (:log, :witness, :number))sql"};

constexpr Statement kInsertHead{
    "audit.insert_head",
    R"sql(INSERT INTO audit_heads (log, size, frontier, root, last_time, revision)
          VALUES (:log, :size, :frontier, :root, :last_time, 1))sql"};

constexpr Statement kUpdateHead{
    "audit.update_head",
    R"sql(UPDATE audit_heads SET size = :size, frontier = :frontier, root = :root,
                                 last_time = :last_time, revision = :revision
          WHERE log = :log AND revision = :revision - 1)sql"};

constexpr Statement kFindSegment{
    "audit.find_segment",
    R"sql(SELECT count, first_time, last_time, hash, leaves FROM audit_segments
          WHERE log = :log AND segment = :segment)sql"};

constexpr Statement kSegmentHash{
    "audit.segment_hash",
    R"sql(SELECT hash FROM audit_segments WHERE log = :log AND segment = :segment)sql"};

constexpr Statement kPutSegment{
    "audit.put_segment",
    R"sql(INSERT INTO audit_segments (log, segment, count, first_time, last_time, hash, leaves)
          VALUES (:log, :segment, :count, :first_time, :last_time, :hash, :leaves)
          ON CONFLICT (log, segment) DO UPDATE
          SET count = excluded.count, first_time = excluded.first_time,
              last_time = excluded.last_time, hash = excluded.hash,
              leaves = excluded.leaves)sql"};

constexpr Statement kFirstKept{"audit.first_kept",
                               R"sql(SELECT first_kept FROM audit_heads WHERE log = :log)sql"};

constexpr Statement kLogsAfter{
    "audit.logs_after",
    R"sql(SELECT id FROM audit_logs WHERE id > :after ORDER BY id LIMIT :limit)sql"};

constexpr Statement kSegmentsFrom{
    "audit.segments_from",
    R"sql(SELECT segment, first_time, last_time, count FROM audit_segments
          WHERE log = :log AND segment >= :from
          ORDER BY segment LIMIT :limit)sql"};

constexpr Statement kDropLeaves{"audit.drop_leaves",
                                R"sql(UPDATE audit_segments SET leaves = :none
          WHERE log = :log AND segment >= :from AND segment <= :to AND hash IS NOT NULL)sql"};

constexpr Statement kDropTail{"audit.drop_tail",
                              R"sql(UPDATE audit_segments SET leaves = :none
          WHERE log = :log AND segment = :segment)sql"};

constexpr Statement kPutFirstKept{"audit.put_first_kept",
                                  R"sql(UPDATE audit_heads SET first_kept = :to + 1
          WHERE log = :log AND first_kept <= :to)sql"};

constexpr Statement kNewestTime{"audit.newest_time",
                                R"sql(SELECT max(last_time) FROM audit_heads)sql"};

constexpr Statement kInsertCheckpoint{
    "audit.insert_checkpoint",
    R"sql(INSERT INTO audit_checkpoints (log, size, root, signed_at, key_id, key_version, note)
          VALUES (:log, :size, :root, :signed_at, :key, :key_version, :note))sql"};

constexpr Statement kForgetCheckpoints{"audit.forget_checkpoints",
                                       R"sql(DELETE FROM audit_checkpoints
          WHERE log = :log AND size < :size AND signed_at >= :hour)sql"};

constexpr Statement kNewestCheckpoint{"audit.newest_checkpoint",
                                      R"sql(SELECT size, note FROM audit_checkpoints
          WHERE log = :log ORDER BY size DESC LIMIT 1)sql"};

constexpr std::uint8_t kNothing = 0;  // an empty view still needs an address
constexpr ByteView kNoLeaves(&kNothing, 0);

Result<Digest> digest_of(ByteView octets) {
  Digest digest;
  if (octets.size() != digest.size()) return fail(Code::kDataLoss, "an audit hash is cut");
  std::ranges::copy(octets, digest.begin());
  return digest;
}

Result<LogHead> head_of(const Row& row) {
  LogHead head;
  head.log = row.uuid(0);
  TRY_ASSIGN(head.frontier, Frontier::decode(row.blob(1)));
  TRY_ASSIGN(head.root, digest_of(row.blob(2)));
  head.last_time = row.time(3);
  head.revision = row.integer(4);
  head.opened_at = row.time(5);
  head.closed = !row.is_null(6);
  return head;
}

Result<std::optional<LogHead>> one_log(Transaction& tx, const Statement& statement,
                                       store::Params params) {
  std::optional<LogHead> found;
  TRY(tx.one(statement, params, [&](const Row& row) -> Status {
    TRY_ASSIGN(found, head_of(row));
    return {};
  }));
  return found;
}

}  // namespace

Result<std::vector<TenantId>> tenants_with_logs(Transaction& tx) {
  std::vector<TenantId> tenants;
  TRY(tx.each(kTenantsWithLogs, {}, [&](const Row& row) -> Status {
    tenants.push_back(row.id<TenantId>(0));
    return {};
  }));
  return tenants;
}

Result<std::optional<LogHead>> open_log(Transaction& tx, TenantId tenant) {
  return one_log(tx, kOpenLog, {{"tenant", tenant}});
}

Result<std::vector<LogHead>> logs_of(Transaction& tx, TenantId tenant) {
  std::vector<LogHead> logs;
  TRY(tx.each(kLogsOf, {{"tenant", tenant}}, [&](const Row& row) -> Status {
    TRY_ASSIGN(auto head, head_of(row));
    logs.push_back(std::move(head));
    return {};
  }));
  return logs;
}

Result<std::optional<LogHead>> find_log(Transaction& tx, TenantId tenant, const Uuid& log) {
  return one_log(tx, kFindLog, {{"id", log}, {"tenant", tenant}});
}

Result<std::optional<TenantId>> tenant_of(Transaction& tx, const Uuid& log) {
  std::optional<TenantId> found;
  TRY(tx.one(kTenantOf, {{"id", log}}, [&](const Row& row) -> Status {
    found = row.id<TenantId>(0);
    return {};
  }));
  return found;
}

Result<std::optional<LogHead>> next_log(Transaction& tx, TenantId tenant, const Uuid& after) {
  TRY_ASSIGN(auto logs, logs_of(tx, tenant));
  std::optional<LogHead> next;
  for (LogHead& log : logs) {
    if (log.log == after) return next;
    next = std::move(log);
  }
  return after.is_nil() ? next : std::nullopt;
}

Status insert_log(Transaction& tx, const LogHead& log, TenantId tenant,
                  const std::optional<LogHead>& previous) {
  const auto of_previous = [&](std::string_view name, const auto& value) {
    return previous ? store::Param(name, value) : store::Param(name, store::Null{});
  };
  const LogHead& head = previous ? *previous : log;
  TRY(tx.execute(kInsertLog, {{"id", log.log},
                              {"tenant", tenant},
                              {"now", log.opened_at},
                              of_previous("previous", head.log),
                              of_previous("size", static_cast<std::int64_t>(head.frontier.size())),
                              of_previous("root", ByteView(head.root))}));
  return {};
}

Status close_log(Transaction& tx, const LogHead& head, WallTime now) {
  TRY_ASSIGN(const auto closed, tx.execute(kCloseLog, {{"id", head.log}, {"now", now}}));
  if (closed != 1) return overtaken();
  TRY_ASSIGN(const auto ended,
             tx.execute(kCloseHead, {{"log", head.log}, {"revision", head.revision}}));
  if (ended != 1) return overtaken();
  return {};
}

Result<bool> has_answered(Transaction& tx, const Uuid& log, const Witness& witness) {
  bool answered = false;
  TRY(tx.one(kHasAnswered, {{"log", log}, {"witness", witness.of}, {"number", witness.number}},
             [&](const Row&) -> Status {
               answered = true;
               return {};
             }));
  return answered;
}

Status put_answer(Transaction& tx, const Uuid& log, const Witness& witness) {
  TRY(tx.execute(kPutAnswer, {{"log", log}, {"witness", witness.of}, {"number", witness.number}}));
  return {};
}

Status put_head(Transaction& tx, const LogHead& head) {
  const Bytes frontier = head.frontier.encode();
  const ByteView root(head.root);
  if (head.revision == 1) {
    TRY(tx.execute(kInsertHead, {{"log", head.log},
                                 {"size", head.frontier.size()},
                                 {"frontier", frontier},
                                 {"root", root},
                                 {"last_time", head.last_time}}));
    return {};
  }
  TRY_ASSIGN(const auto updated, tx.execute(kUpdateHead, {{"log", head.log},
                                                          {"size", head.frontier.size()},
                                                          {"frontier", frontier},
                                                          {"root", root},
                                                          {"last_time", head.last_time},
                                                          {"revision", head.revision}}));
  if (updated != 1) return overtaken();
  return {};
}

Result<std::optional<SegmentRow>> find_segment(Transaction& tx, const Uuid& log,
                                               std::uint64_t segment) {
  std::optional<SegmentRow> found;
  TRY(tx.one(kFindSegment, {{"log", log}, {"segment", segment}}, [&](const Row& row) -> Status {
    SegmentRow read;
    read.segment = segment;
    read.count = static_cast<std::uint32_t>(row.integer(0));
    read.first_time = row.time(1);
    read.last_time = row.time(2);
    if (!row.is_null(3)) {
      TRY_ASSIGN(read.hash, digest_of(row.blob(3)));
    }
    read.leaves = row.bytes(4);
    found = std::move(read);
    return {};
  }));
  return found;
}

Result<Digest> segment_hash(Transaction& tx, const Uuid& log, std::uint64_t segment) {
  Result<Digest> hash = fail(Code::kDataLoss, "an audit segment is missing");
  TRY(tx.one(kSegmentHash, {{"log", log}, {"segment", segment}}, [&](const Row& row) -> Status {
    if (!row.is_null(0)) hash = digest_of(row.blob(0));
    return {};
  }));
  return hash;
}

Status put_segment(Transaction& tx, const Uuid& log, const SegmentRow& segment) {
  const store::Param hash = segment.hash ? store::Param("hash", ByteView(*segment.hash))
                                         : store::Param("hash", store::Null{});
  TRY(tx.execute(kPutSegment, {{"log", log},
                               {"segment", segment.segment},
                               {"count", segment.count},
                               {"first_time", segment.first_time},
                               {"last_time", segment.last_time},
                               hash,
                               {"leaves", segment.leaves}}));
  return put_times(tx, log, segment.segment, segment.first_time, segment.last_time);
}

Result<std::uint64_t> first_kept(Transaction& tx, const Uuid& log) {
  std::uint64_t segment = 0;
  TRY(tx.one(kFirstKept, {{"log", log}}, [&](const Row& row) -> Status {
    segment = static_cast<std::uint64_t>(row.integer(0));
    return {};
  }));
  return segment;
}

Result<std::vector<Uuid>> logs_after(Transaction& tx, const Uuid& after, std::int64_t limit) {
  std::vector<Uuid> logs;
  TRY(tx.each(kLogsAfter, {{"after", after}, {"limit", limit}}, [&](const Row& row) -> Status {
    logs.push_back(row.uuid(0));
    return {};
  }));
  return logs;
}

Result<std::vector<SegmentTimes>> segments_from(Transaction& tx, const Uuid& log,
                                                std::uint64_t from, std::int64_t limit) {
  std::vector<SegmentTimes> segments;
  TRY(tx.each(kSegmentsFrom, {{"log", log}, {"from", from}, {"limit", limit}},
              [&](const Row& row) -> Status {
                segments.push_back({static_cast<std::uint64_t>(row.integer(0)), row.time(1),
                                    row.time(2),
                                    row.integer(3) == static_cast<std::int64_t>(kSegmentSize)});
                return {};
              }));
  return segments;
}

Result<std::optional<WallTime>> newest_time(Transaction& tx) {
  std::optional<WallTime> newest;
  TRY(tx.one(kNewestTime, {}, [&](const Row& row) -> Status {
    newest = row.optional_time(0);
    return {};
  }));
  return newest;
}

Status drop_leaves(Transaction& tx, const Uuid& log, std::uint64_t from, std::uint64_t to) {
  TRY(tx.execute(kDropLeaves, {{"none", kNoLeaves}, {"log", log}, {"from", from}, {"to", to}}));
  TRY(tx.execute(kPutFirstKept, {{"log", log}, {"to", to}}));
  return {};
}

Status drop_tail(Transaction& tx, const Uuid& log, std::uint64_t segment) {
  TRY(tx.execute(kDropTail, {{"none", kNoLeaves}, {"log", log}, {"segment", segment}}));
  TRY(tx.execute(kPutFirstKept, {{"log", log}, {"to", segment}}));
  return {};
}

Status put_checkpoint(Transaction& tx, const Checkpoint& checkpoint, std::string_view text) {
  const WallTime hour{checkpoint.time.micros / kHour * kHour};
  TRY(tx.execute(kForgetCheckpoints,
                 {{"log", checkpoint.log}, {"size", checkpoint.size}, {"hour", hour}}));
  TRY(tx.execute(kInsertCheckpoint, {{"log", checkpoint.log},
                                     {"size", checkpoint.size},
                                     {"root", ByteView(checkpoint.root)},
                                     {"signed_at", checkpoint.time},
                                     {"key", checkpoint.key},
                                     {"key_version", checkpoint.key_version},
                                     {"note", text}}));
  return {};
}

Result<std::optional<StoredCheckpoint>> newest_checkpoint(Transaction& tx, const Uuid& log) {
  std::optional<StoredCheckpoint> found;
  TRY(tx.one(kNewestCheckpoint, {{"log", log}}, [&](const Row& row) -> Status {
    found = {static_cast<std::uint64_t>(row.integer(0)), std::string(row.text(1))};
    return {};
  }));
  return found;
}

}  // namespace quantumapi::audit
