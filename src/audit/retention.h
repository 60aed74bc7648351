// Retention: old events go, the tree stays verifiable.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "store/database.h"

namespace quantumapi::audit {

// drop_expired takes the leaves of segments that were written before `before`, oldest first,
// without a gap and never those of a log's last segment, from every log, and answers how many
// segments it took. They keep hash and range: checkpoints and later exports, which then begin
// behind them, still verify. A segment holds 256 events and is as old as its newest, so that one
// too stays until the rest of its segment may go. Where a later segment is full of earlier times,
// and these are none from before what precedes, the newest event came from a clock that was ahead:
// then the segment is as old as that later one. Segments go 64 at a time: no change waits long.
Result<std::size_t> drop_expired(store::Database& database, WallTime before);

// drop_surplus takes, in the same way, the oldest of a tenant's logs whose events are more
// than `keep`, and answers how many segments it took: whoever fails to
// authenticate writes to the platform's log, and may not fill the disk with it.
Result<std::size_t> drop_surplus(store::Database& database, TenantId tenant, std::uint64_t keep);

// RetentionClock is the wall clock while that can be believed: what a clock that is far ahead
// would drop is gone for good. Far is a week, or half of the time that events are kept where that
// is less. Used by one thread at a time.
class RetentionClock {
 public:
  RetentionClock(const Clock& clock, Logger& log, std::chrono::hours retention);

  // begin says what was known before this process wrote anything: the time of the newest event.
  void begin(std::optional<WallTime> newest);
  [[nodiscard]] bool begun() const { return begun_; }
  // now is absent while the clock is far ahead of what was known and of how long the process has
  // run since, until it has run for as long as the clock is ahead. The log says so once.
  std::optional<WallTime> now();

 private:
  const Clock& clock_;
  Logger& log_;
  std::chrono::microseconds far_;
  bool begun_ = false;
  std::optional<WallTime> known_;  // the right time when it was `known_at_`, as far as known
  SteadyTime known_at_{};
  std::optional<SteadyTime> believed_at_;  // when a clock that is ahead is believed
};

}  // namespace quantumapi::audit
