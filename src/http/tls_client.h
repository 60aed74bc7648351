// The client's side of TLS: trust, names and what was negotiated.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/channel.h"
#include "http/client.h"

struct ssl_ctx_st;

namespace quantumapi::http {

// make_client_context trusts the roots in `ca_pem`, or the system's when it is
// empty. TLS 1.3 alone. A chain whose leaf has an ML-DSA key must be ML-DSA up
// to the root. kInvalidArgument for unreadable PEM or unknown groups.
Result<std::shared_ptr<ssl_ctx_st>> make_client_context(const std::string& ca_pem,
                                                        const std::vector<std::string>& groups);

// make_client_session gives the TLS state that accepts `host` (a DNS name or
// an IP address) alone; null when memory is short.
SslPtr make_client_session(ssl_ctx_st* context, const std::string& host);

TlsFacts tls_facts_of(ssl_st* ssl);

// client_failure says why the handshake failed, and empties the library's error queue.
std::string client_failure(ssl_st* ssl);

}  // namespace quantumapi::http
