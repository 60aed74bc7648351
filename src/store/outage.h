// Outage: says once that the store, or what is like it, fails and once that it works again.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "base/log.h"

namespace quantumapi::store {

// Outage keeps what is down (`subject`: "the store") from filling the log with every request.
// Details go to the log only: a caller is told no addresses and no file names.
class Outage {
 public:
  explicit Outage(Logger& log, std::string_view subject = "the store")
      : log_(log), subject_(subject) {}
  void failed(std::string_view what, std::string_view detail) {
    if (!down_.exchange(true)) log_.error(what, {{"error", detail}});
  }
  void passed() {
    if (down_.load(std::memory_order_relaxed) && down_.exchange(false))
      log_.info(std::string(subject_) + " works again");
  }

 private:
  Logger& log_;
  std::string_view subject_;
  std::atomic<bool> down_ = false;
};

}  // namespace quantumapi::store
