#include "server/health_monitor.h"

#include "server/repository.h"

namespace quantumapi::server {
namespace {

constexpr std::chrono::seconds kEvery{1};
constexpr std::chrono::seconds kTooOld{5};
constexpr std::chrono::seconds kProbeEvery{5};
// One write that found too much waiting is no fault of the store.
constexpr int kProbesFailed = 2;
// A database that restarts fails some rounds, a store that is damaged all of them.
constexpr std::chrono::seconds kRoundsFail{10};

}  // namespace

HealthMonitor::HealthMonitor(Platform& platform, const Clock& clock, Metrics& metrics)
    : platform_(platform),
      clock_(clock),
      ready_(metrics.gauge("quantumapi_ready", "1 when the platform can serve everything")) {
  metrics.gauge_from(
      "quantumapi_entropy_health_failures", "Health tests of entropy sources that failed",
      [this] { return static_cast<double>(platform_.entropy().state().health_failures); });
  metrics.gauge_from("quantumapi_entropy_quantum", "1 when a quantum source took part in the seed",
                     [this] { return platform_.entropy().state().quantum ? 1.0 : 0.0; });
  metrics.gauge_from("quantumapi_entropy_reseeds", "How often the generator was seeded",
                     [this] { return static_cast<double>(platform_.entropy().state().reseeds); });
  look();
  thread_ = std::thread([this] { run(); });
}

HealthMonitor::~HealthMonitor() { stop(); }

void HealthMonitor::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

HealthState HealthMonitor::state() const {
  const std::scoped_lock lock(mutex_);
  return clock_.steady() - looked_at_ > kTooOld ? HealthState{} : state_;
}

// probe_writes writes this replica's own row, as audit events are written: a store whose disk is
// full answers every question and takes none of them.
bool HealthMonitor::probe_writes() {
  const SteadyTime now = clock_.steady();
  if (probes_failed_ == 0 && probed_at_ && now - *probed_at_ < kProbeEvery) return true;
  probed_at_ = now;
  const auto written = platform_.database().change([&](store::Transaction& tx) {
    return repository::touch_replica(tx, platform_.database().process(), clock_.wall());
  });
  probes_failed_ = written ? 0 : probes_failed_ + 1;
  return probes_failed_ < kProbesFailed;
}

// sequences is whether events get into their logs.
bool HealthMonitor::sequences() const {
  const audit::Sequencer::State state = platform_.sequencer().state();
  const bool failing = state.failing_since && clock_.steady() - *state.failing_since > kRoundsFail;
  return !state.stopped_by_hole && !failing;
}

void HealthMonitor::look() {
  HealthState seen;
  seen.store = platform_.database().healthy().has_value();
  seen.audit = sequences() && probe_writes();
  seen.entropy = platform_.entropy().draw(1).has_value();
  ready_.set(seen.ready() ? 1 : 0);
  const std::scoped_lock lock(mutex_);
  state_ = seen;
  looked_at_ = clock_.steady();
}

void HealthMonitor::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kEvery, [this] { return stopping_; })) return;
    }
    look();
  }
}

}  // namespace quantumapi::server
