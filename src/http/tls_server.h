// The server's side of TLS: contexts from identities, and what a handshake came to.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/channel.h"
#include "http/server.h"
#include "http/tls_common.h"

namespace quantumapi::http {

// make_server_context builds a context as TlsOptions says. kInvalidArgument
// when there is no identity, two of one key type, a chain or key that does
// not load, a group that is not served, or a policy for peers that is not whole.
Result<SslContext> make_server_context(const TlsOptions& options);

// TlsListener is what the handshakes of one listener begin with. From any thread.
class TlsListener {
 public:
  // take_up exchanges all of it; a failure changes nothing. A mutual listener stays so.
  Status take_up(const TlsOptions& options);
  // begin gives the TLS state for one accepted connection; null when memory is short.
  [[nodiscard]] SslPtr begin() const;
  [[nodiscard]] bool is_mutual() const;
  // refusal of an open connection's peer by the policy as it is now.
  [[nodiscard]] std::optional<x509::Refusal> refusal(const x509::Peer& peer) const;

 private:
  mutable std::mutex mutex_;
  SslContext context_;
  std::shared_ptr<const PeerPolicy> peers_;
};

// HandshakeFacts are label values: few, fixed, never the peer's text.
struct HandshakeFacts {
  std::string_view group;      // "X25519MLKEM768"
  std::string_view signature;  // "ML-DSA-65" | "ML-DSA-87" | "ECDSA-P256" | "resumed"
};
HandshakeFacts handshake_facts(ssl_st* ssl);

// handshake_failure names why the last handshake of this thread failed, from
// the library's error queue, which it empties: an x509::Refusal where the
// client's certificate is the reason, "bad_signature" when the certificate is
// not the client's own, "refused_by_peer" when the client sent an alert,
// "protocol_version", "no_shared_group", "no_shared_signature", "not_tls",
// "closed" or "other".
std::string_view handshake_failure(ssl_st* ssl);

}  // namespace quantumapi::http
