// ServiceCertificate::State: a certificate as the TLS of src/http takes it.
#pragma once

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
  x509::SpiffeId spiffe_id;
  std::string spiffe_uri;
  std::string roots_pem;
  Time not_before;
  Time not_after;  // the earliest of the chain
  Time got_at;
  std::chrono::seconds issuer_age{0};  // when it was issued, in whole seconds of its dates
  SecretBytes seed;
  std::shared_ptr<const x509::Identity> identity;
  std::shared_ptr<const x509::TrustStore> trust;
};

}  // namespace quantumapi::sdk
