#include "audit/retention.h"

#include <algorithm>
#include <span>
#include <vector>

#include "audit/repository.h"

namespace quantumapi::audit {
namespace {

constexpr std::size_t kAtOnce = 64;
constexpr std::int64_t kLogsAtOnce = 64;
// How far before and behind what may be due times are compared, and by how many segments it is
// known where the first of them stands.
constexpr std::uint64_t kLookBack = 64;
constexpr std::uint64_t kLookAhead = 192;
constexpr std::size_t kToBegin = 7;

// first_floor is a time that what is written from the first segment on does not precede: one
// segment whose clock was wrong does not tell, nor do three of seven.
WallTime first_floor(const LogHead& head, std::span<const SegmentTimes> segments) {
  if (segments[0].segment == 0) return std::min(head.opened_at, segments[0].first_time);
  std::vector<WallTime> times;
  for (const SegmentTimes& one : segments.first(std::min(kToBegin, segments.size())))
    times.push_back(one.last_time);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

// written_by is when the first of the segments was written at the latest: events of a later time
// than a whole segment behind them had a clock that was ahead. A clock that was behind is told
// from that by `floor`, when what precedes was written.
WallTime written_by(std::span<const SegmentTimes> segments, WallTime floor) {
  WallTime time = segments[0].last_time;
  for (const SegmentTimes& later : segments.subspan(1))
    if (later.full && later.last_time >= floor) time = std::min(time, later.last_time);
  return time;
}

// Due are the oldest segments of a log that may go, up to kAtOnce.
struct Due {
  std::uint64_t first = 0;
  std::size_t count = 0;
  bool tail = false;  // the last of them is the last of a closed log
};

Result<Due> find_due(store::Transaction& tx, const Uuid& log, WallTime before) {
  Due due;
  TRY_ASSIGN(due.first, first_kept(tx, log));
  TRY_ASSIGN(const auto tenant, tenant_of(tx, log));
  TRY_ASSIGN(const auto head, find_log(tx, tenant.value_or(TenantId{}), log));
  const std::uint64_t from = due.first - std::min(due.first, kLookBack);
  const auto most = static_cast<std::int64_t>(due.first - from + kAtOnce + kLookAhead);
  TRY_ASSIGN(const auto found, segments_from(tx, log, from, most));
  std::span<const SegmentTimes> segments(found);
  if (!head || segments.empty()) return due;
  WallTime floor = first_floor(*head, segments);
  for (; !segments.empty() && due.count < kAtOnce; segments = segments.subspan(1)) {
    const SegmentTimes& oldest = segments[0];
    const bool last = (oldest.segment + 1) * kSegmentSize >= head->frontier.size();
    // An open log's last segment stays, full or not: it tells where what is kept begins.
    if (last && !head->closed) break;
    const WallTime time = written_by(segments, floor);
    floor = std::max(floor, time);
    if (oldest.segment < due.first) continue;
    if (time >= before) break;
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
    TRY_ASSIGN(const Due due,
               database_.read([&](store::Transaction& tx) { return find_due(tx, log, before_); }));
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

Result<std::size_t> drop_expired(store::Database& database, WallTime before) {
  Expiry expiry(database, before);
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
