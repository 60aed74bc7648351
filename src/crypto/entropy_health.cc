// SP 800-90B section 4.4: the repetition count and adaptive proportion tests.
#include <algorithm>
#include <cmath>

#include "crypto/entropy.h"

namespace quantumapi::crypto {
namespace {

constexpr double kAlphaBits = 40;  // alpha = 2^-40
constexpr double kLeastClaim = 0.01;

// binomial_critical_value is the smallest k with P(X <= k) >= 1 - alpha for
// X ~ B(n, p). The upper tail is summed from its small end, where doubles keep
// their precision; 1 - alpha itself would lose it.
unsigned binomial_critical_value(unsigned n, double p, double alpha) {
  const double size = n;
  double tail = 0;
  for (unsigned k = n; k > 0; --k) {
    const double x = k;
    const double log_mass = std::lgamma(size + 1) - std::lgamma(x + 1) - std::lgamma(size - x + 1) +
                            x * std::log(p) + (size - x) * std::log1p(-p);
    tail += std::exp(log_mass);  // P(X >= k)
    if (tail > alpha) return k;
  }
  return 0;
}

}  // namespace

HealthTest::HealthTest(double claimed_bits_per_octet) {
  const double entropy = std::clamp(claimed_bits_per_octet, kLeastClaim, 1.0);
  // 4.4.1: "C = 1 + ceil(-log2(alpha) / H)"
  repetition_cutoff_ = 1 + static_cast<unsigned>(std::ceil(kAlphaBits / entropy));
  // 4.4.2: "C = 1 + CRITBINOM(W, 2^-H, 1 - alpha)"
  proportion_cutoff_ =
      1 + binomial_critical_value(kWindow, std::exp2(-entropy), std::exp2(-kAlphaBits));
}

bool HealthTest::feed(ByteView samples) noexcept {
  for (const std::uint8_t octet : samples) {
    run_ = !first_ && octet == last_ ? run_ + 1 : 1;
    first_ = false;
    last_ = octet;
    if (window_seen_ == kWindow) {
      window_octet_ = octet;
      window_count_ = 0;
      window_seen_ = 0;
    }
    ++window_seen_;
    if (octet == window_octet_) ++window_count_;
    if (run_ >= repetition_cutoff_ || window_count_ >= proportion_cutoff_) healthy_ = false;
  }
  return healthy_;
}

}  // namespace quantumapi::crypto
