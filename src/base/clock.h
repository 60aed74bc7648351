// Wall and steady time, and the clock that tests can turn.
#pragma once

#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quantumapi::base {

// WallTime is microseconds since 1970-01-01T00:00:00Z, the unit in every row
// and record.
struct WallTime {
  std::int64_t micros = 0;

  // parse accepts RFC 3339 ("2026-11-23T18:00:00Z", fraction and offset
  // optional; no zone means UTC; digits past the microsecond are dropped; no
  // leap second) or a decimal Unix epoch in seconds. Years 0-9999;
  // kInvalidArgument otherwise.
  static Result<WallTime> parse(std::string_view text);
  // from_epoch gives the time so many seconds after 1970; kInvalidArgument
  // outside years 0-9999.
  static Result<WallTime> from_epoch(std::int64_t seconds);
  // to_string gives "YYYY-MM-DDTHH:MM:SS.ffffffZ", always 27 characters; a time
  // outside years 0-9999 reads as the nearest one inside.
  [[nodiscard]] std::string to_string() const;
  // write_to writes those kTextSize characters at `out` and gives the end of
  // them.
  char* write_to(char* out) const noexcept;
  static constexpr std::size_t kTextSize = 27;
  [[nodiscard]] std::int64_t seconds() const { return micros / 1'000'000; }
  auto operator<=>(const WallTime&) const = default;
};

inline WallTime operator+(WallTime t, std::chrono::microseconds d) {
  return {t.micros + d.count()};
}
inline WallTime operator-(WallTime t, std::chrono::microseconds d) {
  return {t.micros - d.count()};
}
inline std::chrono::microseconds operator-(WallTime a, WallTime b) {
  return std::chrono::microseconds(a.micros - b.micros);
}

using SteadyTime = std::chrono::steady_clock::time_point;

// Clock tells the time. wall() may jump; lives of caches, deadlines and rates
// are measured with steady() alone. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual SteadyTime steady() const = 0;
};

// SystemClock is the operating system's.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] SteadyTime steady() const override;
};

// ManualClock stands still until told: for tests of expiry and clock jumps.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start) : wall_(start.micros) {}
  [[nodiscard]] WallTime wall() const override { return {wall_.load()}; }
  [[nodiscard]] SteadyTime steady() const override {
    return SteadyTime(std::chrono::microseconds(steady_.load()));
  }
  // advance moves both clocks forward, as passing time does.
  void advance(std::chrono::microseconds by) {
    wall_ += by.count();
    steady_ += by.count();
  }
  // jump_wall moves the wall clock alone, as an administrator or NTP does.
  void jump_wall(std::chrono::microseconds by) { wall_ += by.count(); }

 private:
  std::atomic<std::int64_t> wall_;
  std::atomic<std::int64_t> steady_ = 0;
};

}  // namespace quantumapi::base

namespace quantumapi {
using base::Clock;
using base::SteadyTime;
using base::WallTime;
}  // namespace quantumapi
