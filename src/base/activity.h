// Activity: whether there is work in hand, for who would gather what that work yields.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>

namespace quantumapi::base {

// Activity counts pieces of work from begin() to end(), which any thread may call. It is a hint
// and guards nothing: what just arrives may not count yet.
class Activity {
 public:
  void begin() { count_.fetch_add(1); }
  // end calls what watch() was given when no work is left.
  void end();
  [[nodiscard]] bool none() const { return count_.load() == 0; }

  // watch calls `idle` on the thread whose end() left none, from now until watch({}) has
  // returned. `idle` must not block.
  void watch(std::function<void()> idle);

 private:
  std::atomic<int> count_ = 0;
  std::mutex mutex_;
  std::function<void()> idle_;
};

// Busy is a thread's work that was begun for it: it ends with Busy. Null: nobody counts.
class Busy {
 public:
  explicit Busy(Activity* begun);
  ~Busy();
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  Activity* activity_;
};

// Waiting lets the work of this thread's Busy, where it has one, not count while Waiting lives.
class Waiting {
 public:
  Waiting();
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Activity* activity_;
};

}  // namespace quantumapi::base

namespace quantumapi {
using base::Activity;
}
