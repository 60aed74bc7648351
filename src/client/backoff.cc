#include "client/backoff.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "crypto/random.h"

namespace quantumapi::sdk {

std::chrono::milliseconds Backoff::next() {
  const std::chrono::duration<double, std::milli> half = next_ / 2.0;
  next_ = std::min(next_ * 2, longest_);
  return std::chrono::ceil<std::chrono::milliseconds>(half + half * chance());
}

double chance() {
  std::uint32_t drawn = 0;
  crypto::fill_random({reinterpret_cast<std::uint8_t*>(&drawn), sizeof drawn});
  return drawn / 4294967296.0;
}

bool pause(std::chrono::milliseconds wait, const std::stop_token& cancel) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, cancel, wait, [] { return false; });
  return !cancel.stop_requested();
}

}  // namespace quantumapi::sdk
