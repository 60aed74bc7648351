#include "http/peer_policy.h"

#include <algorithm>

namespace quantumapi::http {

Status PeerPolicy::check() const {
  if (!trust) return fail(Code::kInvalidArgument, "a policy for peers names no roots to trust");
  if (identities.empty())
    return fail(Code::kInvalidArgument, "a policy for peers names no identity that is admitted");
  if (!revocation_status)
    return fail(Code::kInvalidArgument, "a policy for peers does not say which are revoked");
  if (!clock) return fail(Code::kInvalidArgument, "a policy for peers has no clock");
  return {};
}

std::expected<x509::Peer, x509::Refusal> PeerPolicy::verify(std::span<const ByteView> chain,
                                                            x509::Usage usage) const {
  auto peer = trust->verify(chain, usage, clock->wall());
  if (!peer) return peer;
  if (const auto refused = refusal(*peer)) return std::unexpected(*refused);
  return peer;
}

std::optional<x509::Refusal> PeerPolicy::refusal(const x509::Peer& peer) const {
  if (clock->wall().seconds() > peer.not_after.seconds()) return x509::Refusal::kExpired;
  RevocationStatus status = RevocationStatus::kUnknown;
  try {
    status = revocation_status(peer);
  } catch (...) {  // whoever cannot answer does not know
  }
  if (status == RevocationStatus::kRevoked) return x509::Refusal::kRevoked;
  if (status != RevocationStatus::kGood) return x509::Refusal::kRevocationUnknown;
  if (!peer.spiffe_id || std::ranges::find(identities, *peer.spiffe_id) == identities.end())
    return x509::Refusal::kWrongIdentity;
  return std::nullopt;
}

}  // namespace quantumapi::http
