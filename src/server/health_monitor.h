// HealthMonitor: looks at what the platform needs, once a second, on its own thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/metrics.h"
#include "server/platform.h"

namespace quantumapi::server {

// HealthState is what /health/ready answers.
struct HealthState {
  bool store = false;
  bool audit = false;    // events can be written, and no missing one stopped the sequencer
  bool entropy = false;  // keys can be made
  [[nodiscard]] bool ready() const { return store && audit && entropy; }
};

// HealthMonitor asks the store by its own connection, never by the pool, so
// that health answers while requests wait. state() is not ready when the last
// look is older than five seconds. Stop it before the platform.
class HealthMonitor {
 public:
  HealthMonitor(Platform& platform, const Clock& clock, Metrics& metrics);
  ~HealthMonitor();
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;

  // stop ends the looking, and waits for the look that is under way.
  void stop();
  [[nodiscard]] HealthState state() const;

 private:
  void look();
  bool probe_writes();
  [[nodiscard]] bool sequences() const;
  void run();

  Platform& platform_;
  const Clock& clock_;
  base::Gauge& ready_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  HealthState state_;
  SteadyTime looked_at_;
  std::optional<SteadyTime> probed_at_;  // by the thread that looks alone, as the next one
  int probes_failed_ = 0;
  std::thread thread_;
};

}  // namespace quantumapi::server
