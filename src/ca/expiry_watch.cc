#include "ca/expiry_watch.h"

namespace quantumapi::ca {
namespace {

constexpr std::chrono::seconds kEvery{10};

Metrics::Series series_of(const std::vector<CaService::Expiries::Entry>& entries,
                          const std::string& name, WallTime now) {
  Metrics::Series series;
  for (const auto& [tenant, of, not_after] : entries) {
    const double left = static_cast<double>((not_after - now).count()) / 1e6;
    series.push_back({{{"tenant", tenant.to_string()}, {name, of}}, left});
  }
  return series;
}

}  // namespace

ExpiryWatch::ExpiryWatch(CaService& service, const Clock& clock, Logger& log, Metrics& metrics)
    : service_(service), log_(log) {
  metrics.gauges_from("quantumapi_certificate_expiry_seconds",
                      "Seconds until the newest certificate of an identity ends",
                      [seen = seen_, &clock] {
                        const std::scoped_lock lock(seen->mutex);
                        return series_of(seen->expiries.identities, "identity", clock.wall());
                      });
  metrics.gauges_from("quantumapi_ca_expiry_seconds",
                      "Seconds until a certificate authority ends that issues, or is above one",
                      [seen = seen_, &clock] {
                        const std::scoped_lock lock(seen->mutex);
                        return series_of(seen->expiries.authorities, "ca", clock.wall());
                      });
  thread_ = std::thread([this] { run(); });
}

ExpiryWatch::~ExpiryWatch() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ExpiryWatch::look() {
  auto expiries = service_.expiries(kMostSeries);
  if (!expiries && !failing_)
    log_.warning("the ends of certificates can't be read: " + expiries.error().message);
  failing_ = !expiries;
  if (!expiries) return;
  const std::scoped_lock lock(seen_->mutex);
  seen_->expiries = *std::move(expiries);
}

void ExpiryWatch::run() {
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    look();
    lock.lock();
  } while (!wake_.wait_for(lock, kEvery, [this] { return stopping_; }));
}

}  // namespace quantumapi::ca
