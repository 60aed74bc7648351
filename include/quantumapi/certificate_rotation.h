// quantumapi::sdk::CertificateRotationService: keeps the certificate of a service fresh.
#pragma once

#include <chrono>
#include <memory>

#include "quantumapi/certificate_provider.h"
#include "quantumapi/export.h"
#include "quantumapi/log.h"

namespace quantumapi::sdk {

// CertificateRotationService gets the first certificate and renews it as RenewalRule says, on a
// thread of its own. Checks come up to a tenth early, so that services started together do not
// renew together; a failed one is repeated after 0.5 to 1, 1 to 2, 2 to 4 … seconds, at most five
// minutes or the check interval, and at most 15 seconds without a certificate. A renewal waits for
// its answer as long as half of the time that is left, 5 to 30 seconds, whatever the client's
// timeout. The old certificate serves meanwhile. Where an InternalClient or InternalServer reads
// the revocation lists and one shows this certificate, a new one is ordered at once: what stops a
// service for good is revoking its API key or deleting its identity. Each new expiry time is
// logged. It borrows the provider, which must outlive it.
class QUANTUMAPI_EXPORT CertificateRotationService {
 public:
  // Options: where it says what it does.
  struct Options {
    Log log{};
  };

  // CertificateRotationService does nothing before start.
  CertificateRotationService(ServiceCertificateProvider& provider, Options options);
  // ~CertificateRotationService stops it.
  ~CertificateRotationService();
  CertificateRotationService(const CertificateRotationService&) = delete;
  CertificateRotationService& operator=(const CertificateRotationService&) = delete;

  // start begins at once with the first certificate. A second start changes nothing.
  // kUnavailable (no_thread) where its thread can't be made.
  [[nodiscard]] Result<void> start();
  // stop returns when the thread has ended, which cancels a call that waits for the platform.
  void stop();
  // check is one round, as the thread does it: renews if it is time, and gives how long to wait
  // before the next. For tests, and for programs that have a scheduler of their own.
  std::chrono::milliseconds check();
  // readiness is false, with the reason, while there is no valid certificate, or a list shows it
  // as revoked.
  [[nodiscard]] Readiness readiness() const;
  // wait_ready gives true as soon as there is one, false when `timeout` passed before.
  bool wait_ready(std::chrono::milliseconds timeout) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::sdk
