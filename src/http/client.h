// Client: blocking HTTP/1.1 requests with reused connections and verified TLS.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret_bytes.h"
#include "http/message.h"
#include "http/peer_policy.h"
#include "x509/server_identity.h"

namespace quantumapi::http {

struct Url {
  std::string scheme;  // "https" | "http"
  std::string host;
  std::uint16_t port = 0;
  std::string path;  // may be empty
  static Result<Url> parse(std::string_view text);
};

struct ClientRequest {
  Method method = Method::kGet;
  std::string target;  // path and query, already encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;
  std::string_view content_type = "application/json";
  std::chrono::milliseconds timeout{0};  // 0: the client's
  std::stop_token cancel{};              // ends the request: kUnavailable with reason "cancelled"
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  base::WipedString body;
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct TlsFacts {
  std::string version;               // "TLSv1.3"
  std::string group;                 // "X25519MLKEM768"
  std::string peer_signature;        // signature algorithm of the server's CertificateVerify
  std::optional<x509::Peer> peer{};  // with MutualTls: the server, verified
};

// Reach says at which addresses a client's origin may stand, whatever its name resolves to.
enum class Reach : std::uint8_t {
  kAnywhere,
  kOtherHosts,  // where address_range.h says that none is near
};

// MutualTls is a client's part in mutual TLS: what it shows, and whom it talks to.
// `peers` stands in the place of roots and host name, for servers' certificates.
struct MutualTls {
  std::shared_ptr<const x509::Identity> identity;
  std::shared_ptr<const PeerPolicy> peers;
};

// Client talks to one origin. https verifies the chain and the host name
// against `ca_pem` or, when it is empty, the system's roots; plain http is
// refused to hosts that are not loopback. Redirects are not followed. Safe from
// any thread; each request takes one connection of the pool.
// With MutualTls a connection that the server's PeerPolicy or ours refuses is
// kUnavailable with Error::reason "tls_peer_" + x509::to_string(refusal) when we refuse the
// server ("tls_peer_wrong_identity"), and "tls_alert_" + the alert's name (RFC 8446 section
// 6.2) when the server refuses us ("tls_alert_certificate_revoked"); else "tls_failed".
class Client {
 public:
  struct Options {
    std::string ca_pem;
    std::string address{};  // where to connect, else to the origin's host
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{30'000};  // the whole request
    std::size_t response_limit = 64 * 1024 * 1024;
    std::vector<std::string> groups{};  // empty: X25519MLKEM768, X25519, P-256; mutual: the first
    std::optional<MutualTls> mutual{};  // for https alone; ca_pem is then empty
    Reach reach = Reach::kAnywhere;     // of what is connected to, resolved anew each time
  };
  static Result<std::unique_ptr<Client>> create(Url origin, Options options);
  ~Client();

  // send gives any complete answer, whatever its status. kUnavailable when none
  // came: "connect_failed" when no connection came about in its own time, and nothing was sent;
  // "timeout" when the whole request's is over. A request that met the end of a kept connection
  // is sent once more on a new one: after 408 and close, by which the server says that it did not
  // have it; for methods that are safe also when it closed before the first octet of an answer.
  Result<ClientResponse> send(const ClientRequest& request);

  // stream is send for large answers: `chunk` receives the body of a 2xx in
  // pieces; other statuses come back with their body. kUnavailable when cut.
  Result<ClientResponse> stream(const ClientRequest& request,
                                const std::function<Status(std::string_view)>& chunk);

  // reload_tls takes up a new identity or policy. Requests under way end on the
  // connections they have; later ones are sent on new connections.
  // kInvalidArgument, and nothing changed, when it cannot be used or this client is not mutual.
  Status reload_tls(MutualTls mutual);

  // recheck asks the policy about every open connection, and ends those to servers that it no
  // longer admits, with the requests on them. For whoever learns of a revocation; a
  // connection is asked about before each request in any case.
  void recheck();

  // tls_facts is of the newest handshake; empty for plain HTTP.
  [[nodiscard]] TlsFacts tls_facts() const;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::http
