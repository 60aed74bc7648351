#include "audit/retention.h"

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

}  // namespace quantumapi::audit
