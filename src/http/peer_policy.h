// PeerPolicy: who may be at the other end of mutual TLS, the same for both sides.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "x509/spiffe.h"
#include "x509/verify.h"

namespace quantumapi::http {

// RevocationStatus is what is known of a certificate; the terms are those of RFC 6960. kUnknown
// where the list of its issuer was never read, or is over.
enum class RevocationStatus : std::uint8_t { kGood, kRevoked, kUnknown };

// PeerPolicy admits a peer that shows a chain to a root of `trust` whose leaf is for this use,
// names one of `identities` (authorised, not merely authenticated) and is known not to be revoked.
// It is asked in each handshake, and about open connections until they end: a server looks through
// its own four times a second, a client before each request and in Client::recheck. So a
// connection outlives neither its peer's certificate nor its revocation.
struct PeerPolicy {
  std::shared_ptr<const x509::TrustStore> trust;
  std::vector<x509::SpiffeId> identities;  // compared exactly
  // revocation_status is called on I/O threads, from many at once: it looks into memory and never
  // waits. What it answers may change at any time. An exception counts as kUnknown.
  std::function<RevocationStatus(const x509::Peer&)> revocation_status;
  std::shared_ptr<const Clock> clock = std::make_shared<base::SystemClock>();

  // check is kInvalidArgument when a part is missing: no policy is open by omission.
  [[nodiscard]] Status check() const;
  // verify holds a chain (DER, leaf first) against all of it.
  [[nodiscard]] std::expected<x509::Peer, x509::Refusal> verify(std::span<const ByteView> chain,
                                                                x509::Usage usage) const;
  // refusal of a peer that was verified before: kExpired, kRevoked, kRevocationUnknown,
  // kWrongIdentity or none.
  [[nodiscard]] std::optional<x509::Refusal> refusal(const x509::Peer& peer) const;
};

}  // namespace quantumapi::http
