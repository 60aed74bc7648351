// BelievedClock: the wall clock, where what it decides can't be taken back.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"

namespace quantumapi::base {

// BelievedClock is the wall clock while that can be believed: what a clock that is far ahead
// would end is gone for good. Used by one thread at a time.
class BelievedClock {
 public:
  // BelievedClock: `what` waits ("audit retention", for the log) while the clock is more than
  // `far` ahead. Borrows all of them.
  BelievedClock(const Clock& clock, Logger& log, std::string_view what,
                std::chrono::microseconds far)
      : clock_(clock), log_(log), what_(what), far_(far) {}

  // begin says what was known before this process wrote anything: the time of the newest audit
  // record.
  void begin(std::optional<WallTime> newest);
  [[nodiscard]] bool begun() const { return begun_; }
  // now is absent while the clock is far ahead of what was known and of how long the process has
  // run since, until it has run for as long as the clock is ahead. The log says so once.
  std::optional<WallTime> now();

 private:
  const Clock& clock_;
  Logger& log_;
  std::string_view what_;
  std::chrono::microseconds far_;
  bool begun_ = false;
  std::optional<WallTime> known_;  // the right time when it was `known_at_`, as far as known
  SteadyTime known_at_{};
  std::optional<SteadyTime> believed_at_;  // when a clock that is ahead is believed
};

}  // namespace quantumapi::base
