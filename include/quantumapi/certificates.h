// quantumapi::sdk::Certificates: the platform's certificate authority. A service gets and renews
// its own through certificate_provider.h and certificate_rotation.h.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/export.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// Certificate is one that the authority issued, times in RFC 3339. status is active, expired or
// revoked, key_type ML-DSA-65 or ECDSA-P256.
struct Certificate {
  std::string id, serial_number, identity, status, key_type, spiffe_id, authority_id;
  std::string not_before, not_after, created_at, revoked_at;
  std::vector<std::string> dns_names;
  std::string chain_pem;  // what its holder presents: leaf first, the root excluded
  std::string roots_pem;  // what its holder trusts; in the answers of issue and renew alone
};

// CertificateOrder is what issue asks for.
struct CertificateOrder {
  std::string_view identity;         // name or id of the service identity it is for
  std::string_view request_pem;      // PKCS#10, signed by the key that it is for
  std::chrono::seconds lifetime{0};  // 0: the identity's own
};

// Issuer is an authority of a tenant, whose certificates its services may meet.
struct Issuer {
  std::string authority_id;
  std::string certificate_pem;
};

// RevocationList is an authority's list in DER, and the tag by which it is asked for again.
struct RevocationList {
  std::string etag, der;
};

// Certificates is Client::certificates().
class QUANTUMAPI_EXPORT Certificates {
 public:
  // issue gets a certificate. Kind::kForbidden when the identity is not the API key's own, or the
  // request names what the identity may not be. Issuing has an effect, so it is not tried again
  // when no answer came.
  [[nodiscard]] Result<Certificate> issue(const CertificateOrder& order) const;
  // renew is issue for the next certificate of the identity that the one with this id is of, for
  // a new key; `order` need not name it. Kind::kNotFound or kConflict when the platform does not
  // know that one, or it was revoked.
  [[nodiscard]] Result<Certificate> renew(std::string_view id, const CertificateOrder& order) const;
  // get gives a certificate by its id; Kind::kNotFound where the tenant has none of it.
  [[nodiscard]] Result<Certificate> get(std::string_view id) const;
  // revoke ends a certificate; `reason` is one of RFC 5280's that end it for good: unspecified (as
  // empty), keyCompromise, affiliationChanged, superseded, cessationOfOperation or
  // privilegeWithdrawn. Peers that run on this SDK refuse it, and end what it has open, within a
  // second of the answer, whichever replica gave it, as long as the platform answers them.
  // Kind::kNotFound as get, kInvalid for another reason, kForbidden where the key may not.
  [[nodiscard]] Result<Certificate> revoke(std::string_view id, std::string_view reason = {}) const;

  // issuers gives every authority of the tenant of this one that issues and has not expired.
  [[nodiscard]] Result<std::vector<Issuer>> issuers(std::string_view authority_id) const;
  // revocation_list gives the newest list, nothing while `etag` is still its tag.
  [[nodiscard]] Result<std::optional<RevocationList>> revocation_list(
      std::string_view authority_id, std::string_view etag = {}) const;

  // Made by Client::certificates.
  Certificates(Transport& transport, Call call) : transport_(&transport), call_(std::move(call)) {}

 private:
  Transport* transport_;
  Call call_;
};

}  // namespace quantumapi::sdk
