#include "server/refused_rates.h"

#include <utility>

namespace quantumapi::server {

std::uint32_t RefusedRates::take(ApiKeyId key, SteadyTime now) {
  const std::int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::scoped_lock lock(mutex_);
  if (sweeps_.is_due(seen_.size())) {
    std::erase_if(seen_, [&](const auto& one) { return one.second.second != second; });
    sweeps_.swept(seen_.size());
  }
  Seen& seen = seen_[key];
  if (seen.second == second) {
    ++seen.left_out;
    return 0;
  }
  seen.second = second;
  return std::exchange(seen.left_out, 0) + 1;
}

}  // namespace quantumapi::server
