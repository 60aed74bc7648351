// quantumapi::sdk::InternalClient: calls to other services of the platform, by mutual TLS.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/certificate_provider.h"
#include "quantumapi/export.h"
#include "quantumapi/internal.h"
#include "quantumapi/log.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// InternalClient presents the service's certificate, and accepts only the server that it meant to
// reach: one whose certificate chains to the tenant's authority, is neither expired nor revoked,
// and has the SPIFFE id that the host stands for; every key and signature ML-DSA. For
// NAME.NAMESPACE.svc.cluster.local that is spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/NAME, in the
// trust domain of its own certificate. A new certificate is used for connections from then on. It
// borrows the provider, which must outlive it; safe from any thread.
class QUANTUMAPI_EXPORT InternalClient {
 public:
  // Options: what is internal, and who answers there.
  struct Options {
    // Hosts are NAME.NAMESPACE and one of these; anything else is external.
    std::vector<std::string> internal_suffixes{".svc.cluster.local"};
    // SPIFFE ids of hosts that have another than the usual one. A key is an internal host, in any
    // case, without a port.
    std::map<std::string, std::string> peers{};
    // Where to connect for a host, as curl's --resolve: for machines without the cluster's DNS.
    // Keys as those of peers.
    std::map<std::string, std::string> addresses{};
    // Key exchanges that it offers, the preferred one first: X25519MLKEM768 (alone where none is
    // named), MLKEM768, MLKEM1024. The server must take one of them.
    std::vector<std::string> groups{};
    // Of a send, connecting and the whole answer included, where its Call says none.
    std::chrono::milliseconds timeout{30'000};
    Log log{};
  };

  // Request goes to an absolute URL: "https://users-api.users-api.svc.cluster.local:8443/users". A
  // body without a Content-Type among the headers is sent as application/octet-stream.
  struct Request {
    std::string method = "GET";
    std::string url;
    Headers headers{};
    std::string body{};
  };

  // create: Kind::kInvalid for a suffix, host, peer or timeout that can't be one (for a group that
  // can't, send is). Kind::kUnavailable while there is no certificate, or no revocation list was
  // read.
  static Result<std::unique_ptr<InternalClient>> create(ServiceCertificateProvider& certificates,
                                                        Options options);
  ~InternalClient();

  // send gives any complete answer, whatever its status. An external URL, or one that is not
  // https, is Kind::kInvalid with code "external_url" before any connection is made; one without
  // a path before its query, or with a fragment, "invalid_request".
  // Kind::kUnavailable when no answer came; its code tells a handshake that failed:
  // "tls_peer_" and why the server was refused ("tls_peer_wrong_identity"), or "tls_alert_" and
  // why it refused us. A GET whose kept connection was closed before it answered is sent once
  // more, nothing else is.
  [[nodiscard]] Result<Response> send(const Request& request, const Call& call = {});

 private:
  struct Impl;
  explicit InternalClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::sdk
