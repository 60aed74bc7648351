// Retention: old events go, the tree stays verifiable.
#pragma once

#include "store/database.h"

namespace quantumapi::audit {

// Expiry takes the leaves of segments that were written before `before`, oldest first,
// without a gap, from every log, step by step; of an open log never those of its last segment, and
// of one that a restore closed all in the end: it grows no more. They keep hash and range:
// checkpoints and later exports, which then begin behind them, still verify. A segment holds 256
// events and is as old as its newest, so that one too stays until the rest of its segment may go.
// Where its newest event is of a time that has not come, that event's clock was ahead: then the
// segment is as old as the next full one whose time has come.
class Expiry {
 public:
  Expiry(store::Database& database, WallTime before, WallTime now)
      : database_(database), before_(before), now_(now) {}

  // step looks at up to 64 logs or takes up to 64 segments of one: neither a change nor the next
  // round of the sequencer waits long for it. False when all logs were seen.
  Result<bool> step();
  [[nodiscard]] std::size_t dropped() const { return dropped_; }  // segments, so far

 private:
  store::Database& database_;
  WallTime before_;
  WallTime now_;
  Uuid after_;  // the log that was seen last
  std::size_t dropped_ = 0;
};

// drop_expired takes all steps at once and answers how many segments went.
Result<std::size_t> drop_expired(store::Database& database, WallTime before, WallTime now);

// drop_surplus takes, in the same way, the oldest of a tenant's logs whose events are more
// than `keep`, and answers how many segments it took: whoever fails to
// authenticate writes to the platform's log, and may not fill the disk with it.
Result<std::size_t> drop_surplus(store::Database& database, TenantId tenant, std::uint64_t keep);

}  // namespace quantumapi::audit
