// SPIFFE identities: who a workload is, as the URI of its certificate.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace quantumapi::x509 {

// SpiffeId is `spiffe://TRUST-DOMAIN/PATH` (SPIFFE-ID, sections 2.1 to 2.3): a trust
// domain of a-z 0-9 . - _ (255 octets at most), a path of one or more segments of letters,
// digits . - _, none of them "." or "..", no port, query, fragment or escape, 2,048 octets in all.
struct SpiffeId {
  std::string trust_domain;  // "example.org"
  std::string path;          // "/ns/users-api/sa/users-api-sa"

  static Result<SpiffeId> parse(std::string_view uri);
  // of_workload is `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/NAME`.
  static Result<SpiffeId> of_workload(std::string_view trust_domain, std::string_view name_space,
                                      std::string_view name);
  [[nodiscard]] std::string uri() const;
  friend bool operator==(const SpiffeId&, const SpiffeId&) = default;
};

}  // namespace quantumapi::x509
