// quantumapi::sdk::ServiceCertificateProvider: who this service is to the others.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/client.h"
#include "quantumapi/clock.h"
#include "quantumapi/export.h"
#include "quantumapi/result.h"
#include "quantumapi/secret_string.h"

namespace quantumapi::sdk {

// ServiceCertificate is a certificate with its private key, which lives in this object's memory
// and nowhere else. Immutable: safe from any thread.
class QUANTUMAPI_EXPORT ServiceCertificate {
 public:
  ~ServiceCertificate();
  // id is the platform's: what Certificates::revoke takes.
  [[nodiscard]] const std::string& id() const;
  // spiffe_id names the holder: "spiffe://example.org/ns/users-api/sa/users-api".
  [[nodiscard]] const std::string& spiffe_id() const;
  // serial_number in lower-case hex.
  [[nodiscard]] const std::string& serial_number() const;
  // chain_pem: leaf first, the root excluded.
  [[nodiscard]] const std::string& chain_pem() const;
  // roots_pem: what this service trusts its peers by, given with the certificate.
  [[nodiscard]] const std::string& roots_pem() const;
  // not_before and not_after bound its validity; both seconds belong to it.
  [[nodiscard]] Time not_before() const;
  [[nodiscard]] Time not_after() const;
  // lifetime is from when it was made to its end, by the platform's clock: not_before lies
  // earlier, for clocks differ.
  [[nodiscard]] std::chrono::milliseconds lifetime() const;
  // private_key_pem is PKCS#8, for another TLS library in this process. Never write it to a disk.
  [[nodiscard]] SecretString private_key_pem() const;

  // State and state are the library's own view of it.
  struct State;
  explicit ServiceCertificate(std::unique_ptr<State> state);
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

// RenewalRule is when a certificate is renewed and how often that is looked at: four hours before
// its end, hourly, for lifetimes over twelve hours; a third of the lifetime before, each 24th of
// it, for shorter ones.
struct QUANTUMAPI_EXPORT RenewalRule {
  std::chrono::milliseconds renew_before;
  std::chrono::milliseconds check_every;
  // of gives the rule for a lifetime.
  static RenewalRule of(std::chrono::milliseconds lifetime);
};

// ServiceCertificateProvider makes a key (ML-DSA-65, from health-tested entropy), orders a
// certificate for it, and holds the newest. It borrows the client, which must outlive it; safe
// from any thread. How much of the lifetime is left is measured from when it was ordered, so a
// wrong time of day here moves no renewal.
class QUANTUMAPI_EXPORT ServiceCertificateProvider {
 public:
  // Options: which certificate to order.
  struct Options {
    std::string identity{};                // the service identity's name: "users-api"
    std::vector<std::string> dns_names{};  // empty: all that the identity has
    std::chrono::seconds lifetime{0};      // 0: the identity's own, usually 24 hours
    const Clock* clock = &Clock::system();
  };

  // create: Kind::kInvalid for a name that no certificate can carry, or a negative lifetime.
  // Orders nothing yet.
  static Result<std::unique_ptr<ServiceCertificateProvider>> create(Client& client,
                                                                    Options options);
  ~ServiceCertificateProvider();

  // current is the newest certificate; null before the first, and once it has expired.
  [[nodiscard]] std::shared_ptr<const ServiceCertificate> current() const;
  // is_expiring_soon is true when RenewalRule says to renew, there is none, or a revocation list
  // that an InternalClient or InternalServer reads shows it.
  [[nodiscard]] bool is_expiring_soon() const;
  // renew makes a new key and gets a certificate for it: as the next one of the newest, or anew
  // where the platform does not know that one or it was revoked. One renews at a time: `call`
  // bounds the wait for another's turn too. The old one is kept when that fails, and for up to
  // four seconds more when the issuer is new, until the peers know it; `call` may cancel those,
  // its time does not count there, for the new one is made already.
  Result<std::shared_ptr<const ServiceCertificate>> renew(const Call& call = {});

  // Impl and impl are the library's own.
  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  explicit ServiceCertificateProvider(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::sdk
