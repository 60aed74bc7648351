#include "audit/retention.h"

#include <algorithm>

#include "audit/repository.h"

namespace quantumapi::audit {
namespace {

constexpr std::int64_t kAtOnce = 64;
constexpr std::int64_t kLogsAtOnce = 256;

// drop_some answers how many segments it took; less than kAtOnce: nothing more is due.
Result<std::size_t> drop_some(store::Transaction& tx, const Uuid& log, WallTime before) {
  TRY_ASSIGN(const std::uint64_t first, first_kept(tx, log));
  // A log's last segment stays, full or not: it tells where what is kept begins.
  TRY_ASSIGN(const auto segments, segments_from(tx, log, first, kAtOnce + 1));
  std::size_t due = 0;
  while (due + 1 < segments.size() && segments[due].last_time < before) ++due;
  if (due > 0) TRY(drop_leaves(tx, log, first, segments[due - 1].segment));
  return due;
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

Result<std::size_t> drop_expired(store::Database& database, WallTime before) {
  std::size_t dropped = 0;
  for (Uuid after;;) {
    TRY_ASSIGN(const auto logs, database.read([&](store::Transaction& tx) {
      return logs_after(tx, after, kLogsAtOnce);
    }));
    if (logs.empty()) return dropped;
    after = logs.back();
    for (const Uuid& log : logs)
      for (auto last = static_cast<std::size_t>(kAtOnce); last == kAtOnce; dropped += last) {
        TRY_ASSIGN(last, database.change(
                             [&](store::Transaction& tx) { return drop_some(tx, log, before); }));
      }
  }
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
