// The rows of audit's logs: heads, segments, checkpoints. Their SQL stands here only; that of what
// finds a segment is in segment_index.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/segment.h"
#include "audit/tree.h"
#include "store/database.h"

namespace quantumapi::audit {

// -- logs

struct LogHead {
  Uuid log;
  WallTime opened_at;
  bool closed = false;
  Frontier frontier;
  Digest root{};
  WallTime last_time;
  std::int64_t revision = 0;  // 0: the log has no row yet
};
Result<std::optional<LogHead>> open_log(store::Transaction& tx, TenantId tenant);
// logs_of gives a tenant's logs, the open one first, then those that restores have closed.
Result<std::vector<LogHead>> logs_of(store::Transaction& tx, TenantId tenant);
// find_log gives a log of the tenant only, open or closed.
Result<std::optional<LogHead>> find_log(store::Transaction& tx, TenantId tenant, const Uuid& log);
// tenant_of is whose log it is.
Result<std::optional<TenantId>> tenant_of(store::Transaction& tx, const Uuid& log);
// next_log is the log that follows `after`, the tenant's first one where that is nil.
Result<std::optional<LogHead>> next_log(store::Transaction& tx, TenantId tenant, const Uuid& after);
// tenants_with_logs lists whose logs are open; the platform's own has the nil tenant.
Result<std::vector<TenantId>> tenants_with_logs(store::Transaction& tx);
// insert_log opens a log, which follows `previous` where there is one: closed before.
Status insert_log(store::Transaction& tx, const LogHead& log, TenantId tenant,
                  const std::optional<LogHead>& previous);
// close_log ends a log at that head. kConflict when it is not its head any more; a round
// that began before fails.
Status close_log(store::Transaction& tx, const LogHead& head, WallTime now);
// Witness is what shows that the store is an older copy of itself: a key journal with a mark that
// the store lacks, or an open log that had more events, or others.
struct Witness {
  Uuid of;                   // the journal, or the log
  std::uint64_t number = 0;  // of the mark, or the size
};
// has_answered is whether the log was opened for that witness, or for a later one of the same.
Result<bool> has_answered(store::Transaction& tx, const Uuid& log, const Witness& witness);
Status put_answer(store::Transaction& tx, const Uuid& log, const Witness& witness);
// put_head writes a head whose revision follows the stored one. kConflict otherwise.
Status put_head(store::Transaction& tx, const LogHead& head);

struct SegmentRow {
  std::uint64_t segment = 0;
  std::uint32_t count = 0;
  WallTime first_time;
  WallTime last_time;
  std::optional<Digest> hash;
  Bytes leaves;
};
Result<std::optional<SegmentRow>> find_segment(store::Transaction& tx, const Uuid& log,
                                               std::uint64_t segment);
Status put_segment(store::Transaction& tx, const Uuid& log, const SegmentRow& segment);
// segment_hash is the hash of a full segment.
Result<Digest> segment_hash(store::Transaction& tx, const Uuid& log, std::uint64_t segment);

// first_kept is the first segment that retention has left its leaves; 0 in a log
// without any. The ones before it keep hash and range only.
Result<std::uint64_t> first_kept(store::Transaction& tx, const Uuid& log);
// logs_after lists up to `limit` logs, open or closed, in the order of their ids.
Result<std::vector<Uuid>> logs_after(store::Transaction& tx, const Uuid& after, std::int64_t limit);
struct SegmentTimes {
  std::uint64_t segment;
  WallTime first_time;
  WallTime last_time;
  bool full;
};
// segments_from lists up to `limit` segments from `from` on, oldest first.
Result<std::vector<SegmentTimes>> segments_from(store::Transaction& tx, const Uuid& log,
                                                std::uint64_t from, std::int64_t limit);
// newest_time is that of the newest event of all logs; none where no log has one.
Result<std::optional<WallTime>> newest_time(store::Transaction& tx);
// drop_leaves takes the leaves of the full segments [from, to] away.
Status drop_leaves(store::Transaction& tx, const Uuid& log, std::uint64_t from, std::uint64_t to);

// drop_tail takes the leaves of a closed log's last segment away, full or not: nothing is left.
Status drop_tail(store::Transaction& tx, const Uuid& log, std::uint64_t segment);

// -- checkpoints

// put_checkpoint keeps the text and forgets those before it of the same hour.
Status put_checkpoint(store::Transaction& tx, const Checkpoint& checkpoint, std::string_view text);

struct StoredCheckpoint {
  std::uint64_t size = 0;
  std::string text;
};
Result<std::optional<StoredCheckpoint>> newest_checkpoint(store::Transaction& tx, const Uuid& log);

}  // namespace quantumapi::audit
