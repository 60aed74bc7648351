// ServiceCertificate::State: a certificate as the TLS of src/http takes it.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "base/secret_bytes.h"
#include "quantumapi/certificate_provider.h"
#include "x509/server_identity.h"
#include "x509/verify.h"

namespace quantumapi::sdk {

struct ServiceCertificate::State {
  std::string id;
  std::string serial_number;
  std::string authority_id;  // of the CA that issued it
  Bytes issuer_key_id;       // with the serial, what a revocation list names it by
  Bytes serial;
  x509::SpiffeId spiffe_id;
  std::string spiffe_uri;
  std::string roots_pem;
  Time not_before;
  Time not_after;                         // the earliest of the chain
  std::chrono::milliseconds lifetime{0};  // by the platform's clock
  // When it was ordered, by this service's clocks.
  Time ordered_at;
  std::chrono::steady_clock::time_point ordered_steady;
  std::chrono::seconds issuer_age{0};  // when it was issued, in whole seconds of its dates
  SecretBytes seed;
  std::shared_ptr<const x509::Identity> identity;
  std::shared_ptr<const x509::TrustStore> trust;

  // left is what remains of its lifetime, whatever the time of day here. A steady clock tells,
  // which stands where a machine sleeps: wall time passed counts too, where it is more.
  [[nodiscard]] std::chrono::milliseconds left(const Clock& clock) const {
    const auto passed = std::max<std::chrono::nanoseconds>(clock.steady() - ordered_steady,
                                                           clock.wall() - ordered_at);
    return lifetime - std::chrono::ceil<std::chrono::milliseconds>(passed);
  }
};

}  // namespace quantumapi::sdk
