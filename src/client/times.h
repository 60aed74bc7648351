// Wall time of the SDK and of base.
#pragma once

#include <string>

#include "base/clock.h"
#include "quantumapi/clock.h"

namespace quantumapi::sdk {

inline Time time_of(WallTime time) {
  return Time(std::chrono::duration_cast<Time::duration>(std::chrono::microseconds(time.micros)));
}
inline WallTime wall_time_of(Time time) {
  return {std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()).count()};
}
// to_string gives RFC 3339 in UTC.
inline std::string to_string(Time time) { return wall_time_of(time).to_string(); }

// BaseClock is an sdk::Clock as the rooms below know clocks.
class BaseClock final : public base::Clock {
 public:
  explicit BaseClock(const sdk::Clock& clock) : clock_(clock) {}
  [[nodiscard]] WallTime wall() const override { return wall_time_of(clock_.wall()); }
  [[nodiscard]] SteadyTime steady() const override { return clock_.steady(); }

 private:
  const sdk::Clock& clock_;
};

}  // namespace quantumapi::sdk
