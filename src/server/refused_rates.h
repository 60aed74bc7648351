// RefusedRates keeps a key that goes on past its rate from filling its tenant's log.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "base/ids.h"
#include "base/sweep_plan.h"

namespace quantumapi::server {

// RefusedRates lets one refusal of a key's rate into the log each second, with how many it stands
// for: a rate that bounds what a key may do bounds what it may write as well. Safe from any thread.
class RefusedRates {
 public:
  // take is how many refusals the event made now stands for; 0 where none is to be made.
  std::uint32_t take(ApiKeyId key, SteadyTime now);

 private:
  struct Seen {
    std::int64_t second = -1;
    std::uint32_t left_out = 0;  // since the event of that second
  };
  std::mutex mutex_;
  static constexpr std::size_t kUsualKeys = 10'000;
  std::unordered_map<ApiKeyId, Seen> seen_;
  base::SweepPlan sweeps_{kUsualKeys};
};

}  // namespace quantumapi::server
