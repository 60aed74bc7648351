#include "quantumapi/clock.h"

namespace quantumapi::sdk {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time wall() const override { return std::chrono::system_clock::now(); }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace

const Clock& Clock::system() {
  static const SystemClock clock;
  return clock;
}

}  // namespace quantumapi::sdk
