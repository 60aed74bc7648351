// Gcra: the generic cell rate algorithm (ITU-T I.371, virtual scheduling) in integers.
#pragma once

#include <algorithm>
#include <cstdint>

namespace quantumapi::access {

// Gcra allows `limit` requests at once after a quiet minute and then one every
// interval. Its whole state is one number: the theoretical arrival time of the
// next request, in the caller's nanoseconds, which must never run backwards.
class Gcra {
 public:
  static constexpr std::int64_t kPeriod = 60'000'000'000;  // ns

  // `limit` is requests a minute, at least 1.
  explicit Gcra(std::int64_t limit) : limit_(limit), interval_((kPeriod + limit - 1) / limit) {}

  // bounded is the state as far as it can be after requests up to `now`: what is further ahead was
  // written by a clock that was.
  [[nodiscard]] std::int64_t bounded(std::int64_t arrival, std::int64_t now) const {
    return std::min(arrival, now + limit_ * interval_);
  }
  // available is how many requests would pass at `now`.
  [[nodiscard]] std::int64_t available(std::int64_t arrival, std::int64_t now) const {
    const std::int64_t ahead = std::max<std::int64_t>(arrival - now, 0);
    return std::clamp<std::int64_t>((limit_ * interval_ - ahead) / interval_, 0, limit_);
  }
  // taken is the state after `count` of the available ones passed.
  [[nodiscard]] std::int64_t taken(std::int64_t arrival, std::int64_t now,
                                   std::int64_t count) const {
    return std::max(arrival, now) + count * interval_;
  }
  // wait is how long, in ns, until one more passes.
  [[nodiscard]] std::int64_t wait(std::int64_t arrival, std::int64_t now) const {
    return std::max<std::int64_t>(arrival - now - (limit_ - 1) * interval_, 0);
  }

 private:
  std::int64_t limit_;
  std::int64_t interval_;
};

}  // namespace quantumapi::access
