// quantumapi::sdk::Certificates: the platform's certificate authority. A service gets and renews
// its own through certificate_provider.h and certificate_rotation.h.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/export.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// Certificate is one that the authority issued, times in RFC 3339.
struct Certificate {
  std::string id, authority_id, serial, common_name, spiffe_id, status, not_before, not_after;
  std::string chain_pem;  // leaf first, the root excluded
};

// Authority is a certificate authority of the tenant.
struct Authority {
  std::string id, name, status;
  std::string root_pem;  // what its peers trust
};

// Certificates is Client::certificates().
class QUANTUMAPI_EXPORT Certificates {
 public:
  // issue asks for a certificate for the names in `request_pem` (PKCS#10), as far as the policy
  // of the API key's service allows them; lifetime 0 takes the policy's. Issuing has an effect,
  // so it is not tried again when no answer came.
  [[nodiscard]] Result<Certificate> issue(std::string_view request_pem,
                                          std::chrono::seconds lifetime = {}) const;
  // get gives a certificate by its id.
  [[nodiscard]] Result<Certificate> get(std::string_view id) const;
  // revoke ends a certificate; `reason` as RFC 5280 names it ("keyCompromise"), empty:
  // unspecified. Peers that run on this SDK refuse it within a second.
  [[nodiscard]] Result<void> revoke(std::string_view id, std::string_view reason = {}) const;
  // authorities gives those whose certificates may be met.
  [[nodiscard]] Result<std::vector<Authority>> authorities() const;

  // Made by Client::certificates.
  Certificates(Transport& transport, Call call) : transport_(&transport), call_(std::move(call)) {}

 private:
  Transport* transport_;
  Call call_;
};

}  // namespace quantumapi::sdk
