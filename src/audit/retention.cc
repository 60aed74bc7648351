#include "audit/retention.h"

#include <algorithm>
#include <span>
#include <vector>

#include "audit/repository.h"

namespace quantumapi::audit {
namespace {

constexpr std::size_t kAtOnce = 64;
constexpr std::int64_t kLogsAtOnce = 64;
// How many segments are read past those that may go, for one that tells when they were written.
constexpr std::size_t kLookAhead = 192;

// written_by is when the first of the segments was written at the latest: at the time of its newest
// event or, where that has not come by `now`, its clock was ahead: at the time of the next full
// segment whose has, and not before `floor`, when what precedes was written. A segment whose own
// time has come is judged by no other, so that a clock that was behind takes nobody's events.
WallTime written_by(std::span<const SegmentTimes> segments, WallTime floor, WallTime now) {
  const WallTime own = segments[0].last_time;
  if (own <= now) return own;
  for (const SegmentTimes& later : segments.subspan(1))
    if (later.full && later.last_time <= now) return std::max(floor, later.last_time);
  return own;
}

// Due are the oldest segments of a log that may go, up to kAtOnce.
struct Due {
  std::uint64_t first = 0;
  std::size_t count = 0;
  bool tail = false;  // the last of them is the last of a closed log
};

Result<Due> find_due(store::Transaction& tx, const Uuid& log, WallTime before, WallTime now) {
  Due due;
  TRY_ASSIGN(due.first, first_kept(tx, log));
  TRY_ASSIGN(const auto tenant, tenant_of(tx, log));
  TRY_ASSIGN(const auto head, find_log(tx, tenant.value_or(TenantId{}), log));
  TRY_ASSIGN(const auto found, segments_from(tx, log, due.first, kAtOnce + kLookAhead));
  std::span<const SegmentTimes> segments(found);
  if (!head) return due;
  WallTime floor{};
  for (; !segments.empty() && due.count < kAtOnce; segments = segments.subspan(1)) {
    const SegmentTimes& oldest = segments[0];
    const bool last = (oldest.segment + 1) * kSegmentSize >= head->frontier.size();
    // An open log's last segment stays, full or not: it tells where what is kept begins.
    if (last && !head->closed) break;
    floor = written_by(segments, floor, now);
    if (floor >= before) break;
    ++due.count;
    due.tail = last;
  }
  return due;
}

Status drop(store::Transaction& tx, const Uuid& log, const Due& due) {
  const std::uint64_t last = due.first + due.count - 1;
  if (!due.tail || due.count > 1) TRY(drop_leaves(tx, log, due.first, due.tail ? last - 1 : last));
  if (due.tail) TRY(drop_tail(tx, log, last));
  return {};
}

// drop_before keeps the newest `keep` events of a log: it takes as many whole segments as lie
// before them, never the last one.
Result<std::size_t> drop_before(store::Transaction& tx, const LogHead& log, std::uint64_t keep) {
  const std::uint64_t size = log.frontier.size();
  if (size <= keep) return std::size_t{0};
  TRY_ASSIGN(const std::uint64_t first, first_kept(tx, log.log));
  const std::uint64_t end = std::min((size - keep) / kSegmentSize, (size - 1) / kSegmentSize);
  if (end <= first) return std::size_t{0};
  const std::uint64_t last = std::min(end, first + kAtOnce) - 1;
  TRY(drop_leaves(tx, log.log, first, last));
  return static_cast<std::size_t>(last - first + 1);
}

}  // namespace

Result<bool> Expiry::step() {
  TRY_ASSIGN(const auto logs, database_.read([&](store::Transaction& tx) {
    return logs_after(tx, after_, kLogsAtOnce);
  }));
  for (const Uuid& log : logs) {
    TRY_ASSIGN(const Due due, database_.read([&](store::Transaction& tx) {
      return find_due(tx, log, before_, now_);
    }));
    if (due.count > 0) {
      TRY(database_.change([&](store::Transaction& tx) { return drop(tx, log, due); }));
      dropped_ += due.count;
    }
    if (due.count == kAtOnce) return true;  // of the same log there may be more
    after_ = log;
    if (due.count > 0) return true;
  }
  return !logs.empty();
}

Result<std::size_t> drop_expired(store::Database& database, WallTime before, WallTime now) {
  Expiry expiry(database, before, now);
  for (bool more = true; more;) {
    TRY_ASSIGN(more, expiry.step());
  }
  return expiry.dropped();
}

Result<std::size_t> drop_surplus(store::Database& database, TenantId tenant, std::uint64_t keep) {
  return database.change([&](store::Transaction& tx) -> Result<std::size_t> {
    TRY_ASSIGN(const auto logs, logs_of(tx, tenant));
    std::size_t dropped = 0;
    for (std::uint64_t left = keep; const LogHead& log : logs) {
      const std::uint64_t kept = std::min(left, log.frontier.size());
      left -= kept;
      TRY_ASSIGN(const std::size_t segments, drop_before(tx, log, kept));
      dropped += segments;
    }
    return dropped;
  });
}

}  // namespace quantumapi::audit
