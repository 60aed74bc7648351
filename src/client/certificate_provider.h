// ServiceCertificateProvider::Impl: the newest certificate, and what the internal client and
// server take from it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "client/revocations.h"
#include "client/service_certificate.h"
#include "client/times.h"
#include "client/turns.h"
#include "crypto/entropy.h"
#include "quantumapi/certificate_provider.h"

namespace quantumapi::sdk {

// patience_for is how long a renewal waits for its answer while a certificate has `left` to go:
// half of that, 5 to 30 seconds, so that another can follow. Nobody waits for it as callers do,
// and what takes a busy platform long is not asked for again meanwhile.
std::chrono::milliseconds patience_for(std::chrono::milliseconds left);

struct ServiceCertificateProvider::Impl {
  Impl(Client& the_client, Options the_options);

  // ask gets a certificate for the key of a request: the one before renewed, where the platform
  // still knows it.
  Result<Certificate> ask(std::string_view request_pem, const Deadline& deadline) const;
  Result<std::shared_ptr<const ServiceCertificate>> order(const Deadline& deadline);
  // settle_time is how long `fresh` is held back for its peers to learn of its issuer.
  std::chrono::milliseconds settle_time(const ServiceCertificate& fresh) const;
  // look_up notes whether the newest certificate is on one of the lists.
  void look_up(const Revocations& lists);
  // is_revoked of what look_up has noted. False while no list is read.
  [[nodiscard]] bool is_revoked(const ServiceCertificate& certificate) const;
  [[nodiscard]] bool is_expiring_soon(const ServiceCertificate& certificate) const;
  // revocations is kept current as long as somebody holds it. Fails while no list was ever read.
  Result<std::shared_ptr<Revocations>> revocations(const Log& log);

  Client& client;
  Options options;
  std::shared_ptr<const base::Clock> clock;
  crypto::EntropyPool entropy;

  Turns renewing;       // one order at a time
  std::mutex watching;  // one first reading of the lists at a time; never taken under the next one

  mutable std::mutex mutex;  // guards what follows
  std::shared_ptr<const ServiceCertificate> current;
  std::weak_ptr<Revocations> watched;
  std::shared_ptr<const std::function<void()>> on_lists;  // listens to what is watched
  std::shared_ptr<const ServiceCertificate> listed;       // the one that a list shows as revoked
  std::function<void(const ServiceCertificate&)> when_listed;  // the rotation's; called once each
};

}  // namespace quantumapi::sdk
