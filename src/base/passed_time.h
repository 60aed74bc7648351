// PassedTime: the time by which things end, whoever sets the wall clock back.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace quantumapi::base {

// PassedTime knows by the steady clock how much time has passed since it was
// made: a wall clock that was set back does not bring to life again what ended
// since then. Safe from any thread; `clock` outlives it.
class PassedTime {
 public:
  explicit PassedTime(const Clock& clock)
      : clock_(clock), began_at_(clock.wall()), began_(clock.steady()) {}

  // not_before is `now`, or the later time that it must be.
  [[nodiscard]] WallTime not_before(WallTime now) const {
    const auto passed =
        std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - began_);
    return std::max(now, began_at_ + passed);
  }

 private:
  const Clock& clock_;
  WallTime began_at_;
  SteadyTime began_;
};

}  // namespace quantumapi::base
