#include "ca/records.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "x509/serial.h"

namespace quantumapi::ca {

IdentityId identity_id(TenantId tenant, std::string_view name) {
  const crypto::Digest digest = crypto::sha256({tenant.bytes(), as_bytes(name)});
  Uuid id;
  std::copy_n(digest.begin(), id.octets.size(), id.octets.begin());
  // RFC 9562 section 5.8: version 8 and the variant; the rest is ours.
  id.octets[6] = static_cast<std::uint8_t>(0x80U | (id.octets[6] & 0x0FU));
  id.octets[8] = static_cast<std::uint8_t>(0x80U | (id.octets[8] & 0x3FU));
  return IdentityId{id};
}

std::string_view to_string(State state) {
  switch (state) {
    case State::kPending:
      return "pending";
    case State::kIssued:
      return "issued";
    case State::kRevoked:
      return "revoked";
  }
  return "pending";
}

std::string_view status_of(const Certificate& certificate, WallTime now) {
  if (certificate.state != State::kIssued) return to_string(certificate.state);
  // Both ends count, in seconds.
  return now.seconds() <= certificate.not_after.seconds() ? "active" : "expired";
}

std::string serial_hex(CertificateId id) { return x509::serial_hex(id.bytes()); }

}  // namespace quantumapi::ca
