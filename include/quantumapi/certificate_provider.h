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
  // spiffe_id names the holder: "spiffe://example.org/ns/users-api/sa/users-api".
  [[nodiscard]] const std::string& spiffe_id() const;
  // serial in lower-case hex.
  [[nodiscard]] const std::string& serial() const;
  // chain_pem: leaf first, the root excluded.
  [[nodiscard]] const std::string& chain_pem() const;
  // roots_pem: what this service trusts its peers by, read with the certificate.
  [[nodiscard]] const std::string& roots_pem() const;
  // not_before and not_after bound its validity.
  [[nodiscard]] Time not_before() const;
  [[nodiscard]] Time not_after() const;
  // private_key_pem is PKCS#8, for another TLS library in this process. Never write it to a disk.
  [[nodiscard]] SecretString private_key_pem() const;

  // State is the library's own view of it.
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
  std::chrono::seconds renew_before;
  std::chrono::seconds check_every;
  // of gives the rule for a lifetime.
  static RenewalRule of(std::chrono::seconds lifetime);
};

// ServiceCertificateProvider makes a key (ML-DSA-65, from health-tested entropy), requests a
// certificate for it, and holds the newest. It borrows the client, which must outlive it; safe
// from any thread.
class QUANTUMAPI_EXPORT ServiceCertificateProvider {
 public:
  // Options: the names to ask for, which the policy of the API key's service must allow.
  struct Options {
    std::string spiffe_id{};                   // "spiffe://example.org/ns/users-api/sa/users-api"
    std::vector<std::string> dns_names{};      // "users-api.users-api.svc.cluster.local"
    std::chrono::seconds lifetime{24 * 3600};  // at most the policy's
    const Clock* clock = &Clock::system();
  };

  // create: Kind::kInvalid for a name that no certificate can carry. Asks for nothing yet.
  static Result<std::unique_ptr<ServiceCertificateProvider>> create(Client& client,
                                                                    Options options);
  ~ServiceCertificateProvider();

  // current is the newest certificate; null before the first, and once it has expired.
  [[nodiscard]] std::shared_ptr<const ServiceCertificate> current() const;
  // is_expiring_soon is true when RenewalRule says to renew, or there is none.
  [[nodiscard]] bool is_expiring_soon() const;
  // renew makes a new key and gets a certificate for it. The old one is kept when that fails.
  [[nodiscard]] Result<std::shared_ptr<const ServiceCertificate>> renew(const Call& call = {});

  // clock is the one it was given.
  [[nodiscard]] const Clock& clock() const;
  // client is the one it was given.
  [[nodiscard]] Client& client() const;

 private:
  struct Impl;
  explicit ServiceCertificateProvider(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::sdk
