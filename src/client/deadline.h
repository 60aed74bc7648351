// Deadline: the time of a call that takes several steps; and how very long times are counted.
#pragma once

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <utility>

#include "quantumapi/call.h"

namespace quantumapi::sdk {

// kForever is the longest that anything waits: a clock's nanoseconds overflow after 292 years.
constexpr std::chrono::milliseconds kForever = std::chrono::hours(24 * 365 * 100);

// bounded is a time that may be added to a clock's.
constexpr std::chrono::milliseconds bounded(std::chrono::milliseconds time) {
  return std::clamp(time, -kForever, kForever);
}

// Deadline is when a call ends, by time or by its stop token, however many requests it makes.
class Deadline {
 public:
  // Deadline begins now. `usual` is the time of a call that names none.
  Deadline(const Call& call, std::chrono::milliseconds usual)
      : end_(std::chrono::steady_clock::now() +
             bounded(call.timeout.count() == 0 ? usual : call.timeout)),
        cancel_(call.cancel) {}

  [[nodiscard]] std::chrono::steady_clock::time_point end() const { return end_; }
  [[nodiscard]] const std::stop_token& cancel() const { return cancel_; }
  // rest is a call with what is left.
  [[nodiscard]] Call rest() const {
    const auto left =
        std::chrono::floor<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
    // Nothing would be the client's own.
    return {.timeout = left.count() > 0 ? left : std::chrono::milliseconds(-1), .cancel = cancel_};
  }

 private:
  std::chrono::steady_clock::time_point end_;
  std::stop_token cancel_;
};

}  // namespace quantumapi::sdk
