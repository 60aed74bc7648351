// ExpiryWatch: how long certificates last, for the metrics, on its own thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ca/service.h"

namespace quantumapi::ca {

// ExpiryWatch reads, when it is made and every 10 s from then on, when the newest certificate of
// each identity ends that was not revoked, and each authority. Scrapes see
//   quantumapi_certificate_expiry_seconds{tenant,identity}
//   quantumapi_ca_expiry_seconds{tenant,ca}
// for those that end first, kMostSeries of each. An identity whose newest certificate has ended
// stays, at zero and below, until it has a new one, is removed, or CaService::kEndedShown is over:
// an alert on what is left must not fall silent as nothing is. They are kMostSeries more, those
// that ended last. What fails is logged once, and the last that was read stays.
class ExpiryWatch {
 public:
  static constexpr std::int64_t kMostSeries = 5'000;

  ExpiryWatch(CaService& service, const Clock& clock, Logger& log, Metrics& metrics);
  ~ExpiryWatch();
  ExpiryWatch(const ExpiryWatch&) = delete;
  ExpiryWatch& operator=(const ExpiryWatch&) = delete;

 private:
  // Seen is shared with the metrics, which outlive the watch.
  struct Seen {
    std::mutex mutex;
    CaService::Expiries expiries;
  };
  void look();
  void run();

  CaService& service_;
  Logger& log_;
  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
  bool failing_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::ca
