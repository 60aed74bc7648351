// Backoff and pause: how long to wait before something that failed is tried again.
#pragma once

#include <chrono>
#include <stop_token>

namespace quantumapi::sdk {

// Backoff gives waits that double from `first` to `longest`, the later half of each by chance, so
// that callers who failed together do not come back together. One thread at a time.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
      : first_(first), longest_(longest), next_(first) {}
  // next gives the wait before the next try.
  std::chrono::milliseconds next();
  // reset says that a try succeeded.
  void reset() { next_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds next_;
};

// chance gives a number from 0 to 1, 1 excluded.
double chance();

// pause waits, and is false when `cancel` was stopped before the end.
bool pause(std::chrono::milliseconds wait, const std::stop_token& cancel);

}  // namespace quantumapi::sdk
