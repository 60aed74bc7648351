// TestClock: a clock that stands until it is told otherwise.
#pragma once

#include <atomic>

#include "quantumapi/clock.h"

namespace quantumapi::sdk {

class TestClock final : public Clock {
 public:
  explicit TestClock(Time start = std::chrono::system_clock::now()) : wall_(start) {}
  [[nodiscard]] Time wall() const override { return wall_.load(); }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(passed_.load());
  }
  void advance(std::chrono::nanoseconds by) {
    wall_ = wall_.load() + std::chrono::duration_cast<Time::duration>(by);
    passed_ = passed_.load() + by;
  }
  // turn sets the time of day alone.
  void turn(std::chrono::nanoseconds by) {
    wall_ = wall_.load() + std::chrono::duration_cast<Time::duration>(by);
  }

 private:
  std::atomic<Time> wall_;
  std::atomic<std::chrono::nanoseconds> passed_{std::chrono::hours(1)};
};

}  // namespace quantumapi::sdk
