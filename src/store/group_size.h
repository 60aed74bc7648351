// GroupSize: how many changes and events a commit waits for while others are still at work.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

namespace quantumapi::store {

// GroupSize learns how many clients there are at a time from how many a commit found waiting.
// A commit costs the same for one as for a hundred, so few clients share one commit; of many,
// one half is worked for while the other's commit is under way, so that the processor does not
// stand still during the sync. Who comes anew is found by waiting for all of them now and then.
class GroupSize {
 public:
  // wanted is how many must wait for the next commit to begin; with fewer it begins once nobody
  // is at work.
  [[nodiscard]] std::size_t wanted() const {
    if (commits_ % kLookEvery == 0 && clients_ > 1) return std::numeric_limits<std::size_t>::max();
    return clients_ < kMany ? clients_ : clients_ / 2;
  }

  // gathered notes how many waited when the commit began, and whether these were `all`.
  void gathered(std::size_t waiting, bool all) {
    const bool counted = all || wanted() > waiting;
    ++commits_;
    // Falling slowly: a client that is just reading its answer is not gone.
    clients_ = std::max(waiting, counted ? clients_ - clients_ / kFall : clients_);
    clients_ = std::max<std::size_t>(clients_, 1);
  }

 private:
  static constexpr std::size_t kMany = 16;
  static constexpr std::size_t kLookEvery = 32;
  static constexpr std::size_t kFall = 8;

  std::size_t clients_ = 1;
  std::size_t commits_ = 1;
};

}  // namespace quantumapi::store
