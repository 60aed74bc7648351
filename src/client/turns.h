// Turns: callers who want the same thing wait for each other, as long as their calls do.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "client/deadline.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// Turns lets one caller a name in. Safe from any thread.
class Turns {
 public:
  // Turn is held by who is in. It must not outlive its Turns.
  class Turn {
   public:
    Turn(Turns& turns, std::string_view name) : turns_(&turns), name_(name) {}
    Turn(Turn&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)), name_(std::move(other.name_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    Turns* turns_;
    std::string name_;
  };

  // take waits until nobody is in. Kind::kUnavailable ("timeout") or kCancelled when the call ends
  // before that.
  Result<Turn> take(std::string_view name, const Deadline& deadline);

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any left_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace quantumapi::sdk
