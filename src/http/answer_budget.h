// AnswerBudget: the memory that answers may take while their readers are slow, over all
// connections.
#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <mutex>

namespace quantumapi::http {

class AnswerCharge;

// AnswerBudget is shared by the connections of a server. An answer that its reader has not
// taken stays in memory until the time for writing is over; without a common bound as many
// as there are connections could. Past the budget those give way whose readers have taken
// nothing for longest: who reads at all comes through.
class AnswerBudget {
 public:
  explicit AnswerBudget(std::size_t octets) : octets_(octets) {}

 private:
  friend class AnswerCharge;
  // Those told to give way still hold their memory until their connections look: for as long,
  // so much is held at most.
  static constexpr std::size_t kHeldAtMost = 2;

  void make_room();

  const std::size_t octets_;
  std::mutex mutex_;
  std::list<AnswerCharge*> waiting_;  // whose reader has taken nothing for longest first
  std::size_t held_ = 0;
  std::size_t kept_ = 0;  // of those that were not told to give way
};

// AnswerCharge is what one answer takes of the budget. One thread, but for gives_way().
class AnswerCharge {
 public:
  explicit AnswerCharge(AnswerBudget& budget) : budget_(budget) {}
  ~AnswerCharge() { release(); }
  AnswerCharge(const AnswerCharge&) = delete;
  AnswerCharge& operator=(const AnswerCharge&) = delete;

  // take is false, and takes nothing, when there is no memory even where others give way.
  bool take(std::size_t octets);
  // moved says that the reader took some of it.
  void moved();
  void release();
  [[nodiscard]] bool gives_way() const { return gives_way_.load(std::memory_order_relaxed); }

 private:
  friend class AnswerBudget;
  AnswerBudget& budget_;
  std::list<AnswerCharge*>::iterator place_;
  std::size_t taken_ = 0;
  std::atomic<bool> gives_way_ = false;
};

}  // namespace quantumapi::http
