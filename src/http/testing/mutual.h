// Two workloads with ML-DSA-65 certificates below one authority, and servers and
// clients of mutual TLS for them.
#pragma once

#include <atomic>
#include <map>
#include <set>
#include <string>

#include "http/client.h"
#include "http/testing/certificates.h"
#include "http/testing/test_server.h"

namespace quantumapi::http::testing {

inline constexpr const char* kServerId = "spiffe://example.org/ns/users-api/sa/users-api-sa";
inline constexpr const char* kClientId = "spiffe://example.org/ns/gateway/sa/gateway-sa";

// Authorities is a root with an intermediate, made once for a process.
struct Authorities {
  Issued root = issue({.name = "root", .authority = true});
  Issued intermediate = issue({.name = "intermediate", .authority = true}, &root);
};
inline const Authorities& authorities() {
  static const Authorities made;
  return made;
}

inline Shape workload(const std::string& id) {
  return {.alternative_names = "URI:" + id + ",DNS:localhost"};
}
inline Issued leaf(const Shape& shape) { return issue(shape, &authorities().intermediate); }

// Revoked is a set of certificates that a policy looks at, by their hash.
class Revoked {
 public:
  void add(const x509::Peer& peer) {
    const std::lock_guard lock(mutex_);
    hashes_.insert(peer.certificate_sha256);
  }
  [[nodiscard]] bool holds(const x509::Peer& peer) const {
    const std::lock_guard lock(mutex_);
    return hashes_.contains(peer.certificate_sha256);
  }

 private:
  mutable std::mutex mutex_;
  std::set<Bytes> hashes_;
};

inline std::shared_ptr<const x509::TrustStore> trust(const std::string& roots_pem,
                                                     x509::TrustStore::Options options = {}) {
  auto made = x509::TrustStore::create(roots_pem, options);
  if (!made) {
    ADD_FAILURE() << made.error().message;
    std::abort();
  }
  return std::make_shared<x509::TrustStore>(std::move(*made));
}

// policy admits the one identity `id`.
inline PeerPolicy policy(const std::string& id) {
  static const auto roots = trust(authorities().root.pem);
  PeerPolicy made;
  made.trust = roots;
  made.identities.push_back(*x509::SpiffeId::parse(id));
  made.revocation_status = [](const x509::Peer&) { return RevocationStatus::kGood; };
  return made;
}
inline std::shared_ptr<const PeerPolicy> shared(PeerPolicy made) {
  return std::make_shared<const PeerPolicy>(std::move(made));
}

inline std::shared_ptr<const TlsOptions> mutual_tls(const x509::Identity& identity,
                                                    PeerPolicy peers,
                                                    std::vector<std::string> groups = {}) {
  auto made = std::make_shared<TlsOptions>();
  made->identities.push_back(
      {identity.type, identity.chain_pem, identity.key_pkcs8_der.clone(SecretAccess{})});
  made->peers = shared(std::move(peers));
  made->groups = std::move(groups);
  return made;
}

inline const Issued& server_leaf() {
  static const Issued made = leaf(workload(kServerId));
  return made;
}
inline const Issued& client_leaf() {
  static const Issued made = leaf(workload(kClientId));
  return made;
}

// server_side and client_side are what two well-behaved workloads use.
inline std::shared_ptr<const TlsOptions> server_side() {
  return mutual_tls(*server_leaf().identity(), policy(kClientId));
}
inline MutualTls client_side() { return {client_leaf().identity(), shared(policy(kServerId))}; }

inline std::unique_ptr<Client> mutual_client(std::uint16_t port, MutualTls mutual = client_side(),
                                             std::vector<std::string> groups = {}) {
  Client::Options options;
  options.mutual = std::move(mutual);
  options.groups = std::move(groups);
  auto client =
      Client::create(*Url::parse("https://127.0.0.1:" + std::to_string(port)), std::move(options));
  if (!client) {
    ADD_FAILURE() << client.error().message;
    std::abort();
  }
  return std::move(*client);
}

// reason_of is "200" for an answer, else the error's reason.
inline std::string reason_of(const Result<ClientResponse>& response) {
  return response ? std::to_string(response->status) : response.error().reason;
}

inline bool counts(TestServer& server, const std::string& line) {
  return eventually([&] { return server.metrics().text().find(line) != std::string::npos; });
}
inline std::string failures(const std::string& reason, int count) {
  return "quantumapi_tls_handshake_failures_total{reason=\"" + reason + "\"} " +
         std::to_string(count);
}

}  // namespace quantumapi::http::testing
