// Peers in handshakes: their certificates held against a policy, and what that came to.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/peer_policy.h"

struct ssl_ctx_st;
struct ssl_st;

namespace quantumapi::http {

// demand_peer makes every handshake of `context` (of TLS_with_buffers_method) ask for the
// peer's certificate and hold it against `policy`, before its signature is looked at.
// A refusal ends the handshake with the alert that fits. kInvalidArgument as PeerPolicy::check.
Status demand_peer(ssl_ctx_st* context, std::shared_ptr<const PeerPolicy> policy,
                   x509::Usage usage);

// policy_of is what demand_peer was given; null for other contexts.
std::shared_ptr<const PeerPolicy> policy_of(const ssl_ctx_st* context);

// admitted_peer is whom the policy admitted; its certificate is proven to be the peer's own only
// once the handshake is done. Null before, and where no peer was demanded. Lives as long as `ssl`.
const x509::Peer* admitted_peer(const ssl_st* ssl);

// peer_refusal is why the handshake ended, as far as the peer's certificate is the reason. It
// looks at the error queue, so it comes right behind the failure.
std::optional<x509::Refusal> peer_refusal(const ssl_st* ssl);

// claimed_identity is the SPIFFE id in the certificate that was shown, true or not; printable,
// empty when there is none to be read. For logs of refusals.
std::string claimed_identity(const ssl_st* ssl);

// alert_for is the TLS alert (RFC 8446 section 6.2) that tells the peer of a refusal.
std::uint8_t alert_for(x509::Refusal refusal);

}  // namespace quantumapi::http
