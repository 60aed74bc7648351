// What a Connection makes of its TLS peer: counted, logged, and ended when no longer admitted.
#include "http/connection.h"
#include "http/tls_peer.h"
#include "http/tls_server.h"

namespace quantumapi::http {
namespace {

// TLS has no alert for "an administrator wants it so"; access_denied comes nearest.
constexpr std::string_view kEndedByOwner = "requested";

}  // namespace

void Connection::handshake_failed(std::string_view reason) {
  shared_.metrics
      .counter("quantumapi_tls_handshake_failures_total", "TLS handshakes that failed",
               {{"reason", std::string(reason)}})
      .add();
  // Port scans and probes of liveness connect and close: that is nobody's refusal.
  if (listener_->is_mutual() && reason != "closed")
    log_peer("a TLS handshake failed", reason, claimed_identity(channel_.ssl()));
}

void Connection::handshake_done() {
  const HandshakeFacts facts = handshake_facts(channel_.ssl());
  shared_.metrics
      .counter("quantumapi_tls_handshakes_total", "TLS handshakes completed",
               {{"group", std::string(facts.group)}, {"signature", std::string(facts.signature)}})
      .add();
  request_.peer = admitted_peer(channel_.ssl());
}

// A handshake whose certificate was looked at before a revocation, and that ends after
// it, is caught here as well: the peer is known from then on.
void Connection::check_peer() {
  const x509::Peer* peer = peer_ended_ ? nullptr : admitted_peer(channel_.ssl());
  if (peer == nullptr) return;
  if (const auto refusal = listener_->refusal(*peer))
    end_peer(x509::to_string(*refusal), alert_for(*refusal));
}

void Connection::end_if(const std::function<bool(const x509::Peer&)>& which) {
  const x509::Peer* peer = peer_ended_ ? nullptr : admitted_peer(channel_.ssl());
  if (peer != nullptr && which(*peer))
    end_peer(kEndedByOwner, alert_for(x509::Refusal::kWrongIdentity));
}

// The socket is shut at once, though a handler may still be at work: its answer finds it so.
void Connection::end_peer(std::string_view reason, std::uint8_t alert) {
  peer_ended_ = true;
  shared_.metrics
      .counter("quantumapi_tls_peers_ended_total",
               "Connections ended because their peer is no longer admitted",
               {{"reason", std::string(reason)}})
      .add();
  log_peer("a connection was ended", reason, claimed_identity(channel_.ssl()));
  channel_.abort(alert);
  stop();
}

void Connection::log_peer(std::string_view message, std::string_view reason,
                          std::string_view identity) {
  const auto left_out = io_.peer_lines().take(base::SystemClock{}.wall().seconds());
  if (!left_out) return;
  shared_.log.warning(message, {{"reason", reason},
                                {"address", std::string_view(address_)},
                                {"identity", identity},
                                {"left_out", *left_out}});
}

}  // namespace quantumapi::http
