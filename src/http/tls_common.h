// What both sides of TLS set in the same way: version, groups, algorithms, identities.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "x509/server_identity.h"

struct ssl_ctx_st;

namespace quantumapi::http {

using SslContext = std::shared_ptr<ssl_ctx_st>;

// tls_failure makes an error of `message` and empties the library's queue of errors.
std::unexpected<Error> tls_failure(Code code, std::string message);

// set_protocol leaves TLS 1.3 alone, with `groups` for the key exchange. Empty, they are
// X25519MLKEM768, X25519 and P-256, or the first alone where both sides are `mutual`;
// there a group that a quantum computer breaks is kInvalidArgument, as an unknown one is.
Status set_protocol(ssl_ctx_st* context, const std::vector<std::string>& groups, bool mutual);

// use_identities makes a context show the first of `identities` that the peer can
// verify. kInvalidArgument when there is none, two of one key type, or a chain or key that
// does not load.
Status use_identities(ssl_ctx_st* context, std::span<const x509::Identity* const> identities);

// accept_signatures offers the peer every algorithm that a handshake may be signed with,
// ML-DSA first; which keys are admitted is the verification's affair.
Status accept_signatures(ssl_ctx_st* context);

}  // namespace quantumapi::http
