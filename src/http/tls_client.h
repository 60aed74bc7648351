// The client's side of TLS: trust, names and what was negotiated.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "http/channel.h"
#include "http/client.h"
#include "http/tls_common.h"

namespace quantumapi::http {

// make_client_context trusts the roots in `ca_pem`, or the system's when it is
// empty. TLS 1.3 alone. A chain whose leaf has an ML-DSA key must be ML-DSA up
// to the root. kInvalidArgument for unreadable PEM or unknown groups.
Result<SslContext> make_client_context(const std::string& ca_pem,
                                       const std::vector<std::string>& groups);

// make_mutual_context shows the identity of `mutual` and trusts whom its policy admits.
// kInvalidArgument when a part is missing or cannot be used.
Result<SslContext> make_mutual_context(const MutualTls& mutual,
                                       const std::vector<std::string>& groups);

// make_client_session gives the TLS state that accepts `host` (a DNS name or
// an IP address) alone, or whom the policy of a mutual context admits; null
// when memory is short.
SslPtr make_client_session(ssl_ctx_st* context, const std::string& host);

TlsFacts tls_facts_of(ssl_st* ssl);

const ssl_ctx_st* context_of(const ssl_st* ssl);

// client_failure says why the handshake failed, and empties the library's error queue. Its
// reason is as Client says.
Error client_failure(ssl_st* ssl);

// client_refused is client_failure for what failed later: an alert of a mutual server, which
// looks at our certificate when for us the handshake is over. Nullopt for anything else.
std::optional<Error> client_refused(ssl_st* ssl);

// peer_refused is the error for a server whose certificate we refuse.
Error peer_refused(x509::Refusal refusal);

}  // namespace quantumapi::http
