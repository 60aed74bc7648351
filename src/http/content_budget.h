// ContentBudget: the memory that content on its way in may take, over all connections.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/metrics.h"

namespace quantumapi::http {

// ContentBudget is shared by the connections of a server. Content comes in before
// its sender is known, so what one address may make the server hold is bounded
// here and not by the number of its connections.
class ContentBudget {
 public:
  // `held` shows what is taken.
  ContentBudget(std::size_t octets, base::Gauge& held) : left_(octets), held_(held) {}

 private:
  friend class ContentCharge;
  bool take(std::size_t octets) {
    std::size_t left = left_.load(std::memory_order_relaxed);
    do {
      if (left < octets) return false;
    } while (!left_.compare_exchange_weak(left, left - octets, std::memory_order_relaxed));
    held_.add(static_cast<double>(octets));
    return true;
  }
  void give_back(std::size_t octets) {
    left_.fetch_add(octets, std::memory_order_relaxed);
    held_.add(-static_cast<double>(octets));
  }

  std::atomic<std::size_t> left_;
  base::Gauge& held_;
};

// ContentCharge is what one exchange took of the budget; it goes back with it.
class ContentCharge {
 public:
  explicit ContentCharge(ContentBudget& budget) : budget_(budget) {}
  ~ContentCharge() { release(); }
  ContentCharge(const ContentCharge&) = delete;
  ContentCharge& operator=(const ContentCharge&) = delete;

  // take is false, and takes nothing, when the budget has less than that left.
  bool take(std::size_t octets) {
    if (!budget_.take(octets)) return false;
    taken_ += octets;
    return true;
  }
  void release() {
    if (taken_ != 0) budget_.give_back(taken_);
    taken_ = 0;
  }

 private:
  ContentBudget& budget_;
  std::size_t taken_ = 0;
};

}  // namespace quantumapi::http
