// quantumapi::sdk::Clock: the time, which tests may turn.
#pragma once

#include <chrono>

#include "quantumapi/export.h"

namespace quantumapi::sdk {

// Time is wall time, as certificates state it.
using Time = std::chrono::system_clock::time_point;

// Clock tells the time. wall() may jump; how long a value is kept is measured by steady() alone.
// Safe from any thread.
class QUANTUMAPI_EXPORT Clock {
 public:
  virtual ~Clock() = default;
  // wall gives the time of day.
  [[nodiscard]] virtual Time wall() const = 0;
  // steady gives a time that only moves forward.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const = 0;
  // system is the operating system's clock, the default everywhere.
  static const Clock& system();
};

}  // namespace quantumapi::sdk
