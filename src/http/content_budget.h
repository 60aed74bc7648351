// ContentBudget: the memory that content may take on its way, over all connections.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/metrics.h"
#include "http/answer_budget.h"

namespace quantumapi::http {

// ContentBudget is shared by the connections of a server: so much may come in, and twice
// as much wait to be read. Content comes in before a handler judges its sender, so what one address
// may make the server hold is bounded here and not by the number of its connections. Senders
// that nobody knows share a quarter of it: they keep nobody else's content out.
class ContentBudget {
 public:
  // `held` shows what is taken of what may come in.
  ContentBudget(std::size_t octets, base::Gauge& held)
      : left_(octets), left_to_strangers_(octets / 4), held_(held), answers_(2 * octets) {}

  [[nodiscard]] AnswerBudget& answers() { return answers_; }

 private:
  friend class ContentCharge;
  static bool take_of(std::atomic<std::size_t>& from, std::size_t octets) {
    std::size_t left = from.load(std::memory_order_relaxed);
    do {
      if (left < octets) return false;
    } while (!from.compare_exchange_weak(left, left - octets, std::memory_order_relaxed));
    return true;
  }
  bool take(std::size_t octets, bool is_known) {
    if (!is_known && !take_of(left_to_strangers_, octets)) return false;
    if (!take_of(left_, octets)) {
      if (!is_known) left_to_strangers_.fetch_add(octets, std::memory_order_relaxed);
      return false;
    }
    held_.add(static_cast<double>(octets));
    return true;
  }
  void give_back(std::size_t octets, bool is_known) {
    if (!is_known) left_to_strangers_.fetch_add(octets, std::memory_order_relaxed);
    left_.fetch_add(octets, std::memory_order_relaxed);
    held_.add(-static_cast<double>(octets));
  }

  std::atomic<std::size_t> left_;
  std::atomic<std::size_t> left_to_strangers_;  // of those
  base::Gauge& held_;
  AnswerBudget answers_;
};

// ContentCharge is what one exchange took of the budget; it goes back with it.
class ContentCharge {
 public:
  explicit ContentCharge(ContentBudget& budget) : budget_(budget) {}
  ~ContentCharge() { release(); }
  ContentCharge(const ContentCharge&) = delete;
  ContentCharge& operator=(const ContentCharge&) = delete;

  // begin says, before anything is taken, whether the sender is known.
  void begin(bool is_known) { is_known_ = is_known; }
  // take is false, and takes nothing, when the budget has less than that left for the sender.
  bool take(std::size_t octets) {
    if (!budget_.take(octets, is_known_)) return false;
    taken_ += octets;
    return true;
  }
  void release() {
    if (taken_ != 0) budget_.give_back(taken_, is_known_);
    taken_ = 0;
  }

 private:
  ContentBudget& budget_;
  bool is_known_ = false;
  std::size_t taken_ = 0;
};

}  // namespace quantumapi::http
