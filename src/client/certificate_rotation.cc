#include "quantumapi/certificate_rotation.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "client/backoff.h"
#include "client/certificate_provider.h"
#include "client/deadline.h"
#include "client/error.h"
#include "client/times.h"

namespace quantumapi::sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kFirstWait{1'000};
constexpr milliseconds kLongestWait{5 * 60'000};
// A service without a certificate serves nobody: it asks more often.
constexpr milliseconds kLongestWaitForFirst{15'000};
constexpr double kEarly = 0.1;  // of the check interval, by chance

std::string revoked(const ServiceCertificate& own) {
  return "the certificate of " + own.spiffe_id() + " (serial " + own.serial_number() +
         ") was revoked";
}

// Wake ends the wait for the next check when a revocation list shows the certificate. It is the
// lists' thread that says so, maybe while the service ends.
class Wake {
 public:
  explicit Wake(Log log) : log_(std::move(log)) {}

  void wait(milliseconds longest, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, longest, [&] { return std::exchange(woken_, false); });
  }
  void listed(const ServiceCertificate& own) {
    const std::lock_guard lock(mutex_);
    if (log_) log_(LogLevel::kError, "not ready, " + revoked(own) + "; a new one is ordered");
    woken_ = true;
    changed_.notify_all();
  }
  // end: nothing is said from here on.
  void end() {
    const std::lock_guard lock(mutex_);
    log_ = {};
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  Log log_;
  bool woken_ = false;
};

}  // namespace

struct CertificateRotationService::Impl {
  Impl(ServiceCertificateProvider& the_provider, Options the_options)
      : provider(the_provider), options(std::move(the_options)) {}

  void run(const std::stop_token& stop) {
    do {
      wake->wait(check(stop), stop);
    } while (!stop.stop_requested());
  }
  // usable is the certificate by which peers take this service; null: none does.
  std::shared_ptr<const ServiceCertificate> usable() const {
    auto current = provider.current();
    return current && !provider.impl().is_revoked(*current) ? current : nullptr;
  }
  // lack says what is wrong while none is usable.
  [[nodiscard]] std::string lack() const {
    const auto held = provider.current();
    return held ? revoked(*held) : "there is no valid certificate";
  }
  // patience is how long a round waits for its answer. 0: as long as the client's calls, where
  // there is no certificate that peers take.
  [[nodiscard]] milliseconds patience() const {
    const auto current = usable();
    return current ? patience_for(current->state().left(*provider.impl().options.clock))
                   : milliseconds(0);
  }
  milliseconds check(const std::stop_token& stop);
  milliseconds failed(const Error& error);
  void log(LogLevel level, const std::string& line) const {
    if (options.log) options.log(level, line);
  }

  ServiceCertificateProvider& provider;
  Options options;

  std::mutex checking;  // one round at a time; guards backoff
  Backoff backoff{kFirstWait, kLongestWait};

  mutable std::mutex telling;  // guards reason
  mutable std::condition_variable renewed_once;
  std::string reason;  // why no certificate came

  const std::shared_ptr<Wake> wake = std::make_shared<Wake>(options.log);

  std::mutex starting;  // guards thread
  std::jthread thread;
};

milliseconds CertificateRotationService::Impl::check(const std::stop_token& stop) {
  const std::lock_guard lock(checking);
  // Taken once: the application may renew meanwhile.
  auto current = provider.current();
  if (!current || provider.impl().is_expiring_soon(*current)) {
    auto renewed = provider.renew({.timeout = patience(), .cancel = stop});
    if (!renewed) return failed(renewed.error());
    current = *std::move(renewed);
    backoff.reset();
    {
      const std::lock_guard told(telling);
      reason.clear();
    }  // whoever waits is asleep, or sees the new one
    renewed_once.notify_all();
    log(LogLevel::kInfo, "the certificate of " + current->spiffe_id() + " (serial " +
                             current->serial_number() + ") is valid until " +
                             to_string(current->not_after()));
  }
  const milliseconds every = RenewalRule::of(current->lifetime()).check_every;
  return std::chrono::ceil<milliseconds>(every * (1 - kEarly * chance()));
}

milliseconds CertificateRotationService::Impl::failed(const Error& error) {
  const auto current = usable();
  const milliseconds longest =
      current
          ? std::min<milliseconds>(kLongestWait, RenewalRule::of(current->lifetime()).check_every)
          : kLongestWaitForFirst;
  const milliseconds wait = std::min(backoff.next(), longest);
  if (error.kind == Kind::kCancelled) return wait;
  const std::string why = error.message + "; next try in " +
                          std::to_string(std::chrono::ceil<seconds>(wait).count()) + " s";
  {
    const std::lock_guard lock(telling);
    reason = error.message;
  }
  if (current)
    log(LogLevel::kWarning, "the certificate of " + current->spiffe_id() + ", valid until " +
                                to_string(current->not_after()) + ", was not renewed: " + why);
  else
    log(LogLevel::kError, "not ready, " + lack() + ": " + why);
  return wait;
}

CertificateRotationService::CertificateRotationService(ServiceCertificateProvider& provider,
                                                       Options options)
    : impl_(std::make_unique<Impl>(provider, std::move(options))) {
  const std::lock_guard lock(provider.impl().mutex);
  provider.impl().when_listed = [wake = impl_->wake](const ServiceCertificate& own) {
    wake->listed(own);
  };
}

CertificateRotationService::~CertificateRotationService() {
  stop();
  impl_->wake->end();
}

Result<void> CertificateRotationService::start() {
  const std::lock_guard lock(impl_->starting);
  return or_no_thread([&]() -> Result<void> {
    if (!impl_->thread.joinable())
      impl_->thread = std::jthread([this](const std::stop_token& stop) { impl_->run(stop); });
    return {};
  });
}

void CertificateRotationService::stop() {
  const std::lock_guard lock(impl_->starting);
  if (!impl_->thread.joinable()) return;
  impl_->thread.request_stop();
  impl_->thread.join();
}

milliseconds CertificateRotationService::check() { return impl_->check({}); }

Readiness CertificateRotationService::readiness() const {
  if (impl_->usable()) return {.ready = true};
  const std::string lack = impl_->lack();
  const std::lock_guard lock(impl_->telling);
  return {.ready = false, .reason = impl_->reason.empty() ? lack : lack + ": " + impl_->reason};
}

bool CertificateRotationService::wait_ready(milliseconds timeout) const {
  std::unique_lock lock(impl_->telling);
  return impl_->renewed_once.wait_for(lock, bounded(timeout),
                                      [&] { return impl_->usable() != nullptr; });
}

}  // namespace quantumapi::sdk
