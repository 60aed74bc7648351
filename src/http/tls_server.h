// The server's side of TLS: contexts from identities, and what a handshake came to.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "http/channel.h"
#include "http/server.h"

struct ssl_ctx_st;

namespace quantumapi::http {

using SslContext = std::shared_ptr<ssl_ctx_st>;

// make_server_context builds a context as TlsOptions says. kInvalidArgument
// when there is no identity, two of one key type, or a chain or key that does
// not load.
Result<SslContext> make_server_context(const TlsOptions& options);

// make_server_session gives the TLS state for one accepted connection; null when memory is short.
SslPtr make_server_session(const SslContext& context);

// HandshakeFacts are label values: few, fixed, never the peer's text.
struct HandshakeFacts {
  std::string_view group;      // "X25519MLKEM768"
  std::string_view signature;  // "ML-DSA-65" | "ECDSA-P256" | "resumed"
};
HandshakeFacts handshake_facts(ssl_st* ssl);

// handshake_failure names why the last handshake of this thread failed, from
// the library's error queue, which it empties: "protocol_version",
// "no_shared_group", "no_shared_signature", "not_tls", "closed" or "other".
std::string_view handshake_failure();

}  // namespace quantumapi::http
