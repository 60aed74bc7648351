#include "quantumapi/certificate_rotation.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "client/backoff.h"
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

}  // namespace

struct CertificateRotationService::Impl {
  Impl(ServiceCertificateProvider& the_provider, Options the_options)
      : provider(the_provider), options(std::move(the_options)) {}

  void run(const std::stop_token& stop) {
    while (pause(check(stop), stop)) {
    }
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
  std::string reason = "the service has no certificate yet";

  std::mutex starting;  // guards thread
  std::jthread thread;
};

milliseconds CertificateRotationService::Impl::check(const std::stop_token& stop) {
  const std::lock_guard lock(checking);
  auto current = provider.current();
  if (provider.is_expiring_soon()) {
    auto renewed = provider.renew({.cancel = stop});
    if (!renewed) return failed(renewed.error());
    current = *std::move(renewed);
    backoff.reset();
    {
      const std::lock_guard told(telling);
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
  const auto current = provider.current();
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
    reason = "there is no valid certificate: " + error.message;
  }
  if (current)
    log(LogLevel::kWarning, "the certificate of " + current->spiffe_id() + ", valid until " +
                                to_string(current->not_after()) + ", was not renewed: " + why);
  else
    log(LogLevel::kError, "not ready, there is no valid certificate: " + why);
  return wait;
}

CertificateRotationService::CertificateRotationService(ServiceCertificateProvider& provider,
                                                       Options options)
    : impl_(std::make_unique<Impl>(provider, std::move(options))) {}

CertificateRotationService::~CertificateRotationService() { stop(); }

void CertificateRotationService::start() {
  const std::lock_guard lock(impl_->starting);
  if (impl_->thread.joinable()) return;
  impl_->thread = std::jthread([this](const std::stop_token& stop) { impl_->run(stop); });
}

void CertificateRotationService::stop() {
  const std::lock_guard lock(impl_->starting);
  if (!impl_->thread.joinable()) return;
  impl_->thread.request_stop();
  impl_->thread.join();
}

milliseconds CertificateRotationService::check() { return impl_->check({}); }

Readiness CertificateRotationService::readiness() const {
  if (impl_->provider.current()) return {.ready = true};
  const std::lock_guard lock(impl_->telling);
  return {.ready = false, .reason = impl_->reason};
}

bool CertificateRotationService::wait_ready(milliseconds timeout) const {
  std::unique_lock lock(impl_->telling);
  return impl_->renewed_once.wait_for(lock, timeout,
                                      [&] { return impl_->provider.current() != nullptr; });
}

}  // namespace quantumapi::sdk
