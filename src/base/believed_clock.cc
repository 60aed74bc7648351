#include "base/believed_clock.h"

#include <algorithm>
#include <string>

namespace quantumapi::base {

void BelievedClock::begin(std::optional<WallTime> newest) {
  known_ = newest;
  known_at_ = clock_.steady();
  begun_ = true;
}

std::optional<WallTime> BelievedClock::now() {
  if (!begun_) return std::nullopt;
  const WallTime wall = clock_.wall();
  const SteadyTime steady = clock_.steady();
  const auto ran = std::chrono::duration_cast<std::chrono::microseconds>(steady - known_at_);
  const WallTime expected = known_.value_or(wall) + ran;
  const bool ahead = known_ && wall > expected + far_;
  if (ahead && !believed_at_) {
    believed_at_ = steady + (wall - expected);
    const std::string wall_text = wall.to_string();
    const std::string expected_text = expected.to_string();
    log_.warning(
        std::string(what_) +
            " waits: the clock is far ahead of the newest audit record and of how long the server "
            "has run since",
        {{"clock", std::string_view(wall_text)},
         {"expected", std::string_view(expected_text)},
         {"hours", (wall - expected) / std::chrono::hours(1)}});
  }
  if (ahead && steady < *believed_at_) return std::nullopt;
  believed_at_.reset();
  // A clock that was set back tells nothing new: set right again it is not ahead.
  known_ = std::max(wall, expected);
  known_at_ = steady;
  return wall;
}

}  // namespace quantumapi::base
