// The server's own TLS identities: made at init, sealed in the store.
#pragma once

#include <memory>

#include "http/server.h"
#include "server/config.h"
#include "server/platform.h"

namespace quantumapi::server {

// ensure_tls_identities makes the missing ones of ML-DSA-65 and ECDSA P-256
// for localhost, its addresses, this host's name and Config::hosts, and writes
// DATA/ca.pem with both roots.
Status ensure_tls_identities(Platform& platform, const Config& config, const Clock& clock);

// load_tls_files reads a chain and its key, which must belong together.
Result<x509::Identity> load_tls_files(const TlsFiles& files);
// check_tls_files also refuses what has ended: nobody would trust it. A start serves it all the
// same, with a warning; neither a reload nor `config check` lets it pass.
Status check_tls_files(const TlsFiles& files, WallTime now);

// load_tls gives what a listener presents, ML-DSA-65 first: the operator's files
// where any are given, else the self-made identities. Never both: a client
// fails on an ML-DSA root that it lacks, so who replaces one replaces all.
Result<std::shared_ptr<const http::TlsOptions>> load_tls(Platform& platform, const Config& config,
                                                         const Clock& clock, Logger& log);

}  // namespace quantumapi::server
