// Server: listeners, connections and their limits. Coroutines live in this room only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/activity.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "http/message.h"
#include "http/peer_policy.h"
#include "x509/server_identity.h"

namespace quantumapi::http {

struct Limits {
  std::size_t request_line = 16 * 1024;
  std::size_t headers = 32 * 1024;     // all header lines together
  std::size_t body = 2 * 1024 * 1024;  // the largest any route takes
  // Of all connections, past 64 KiB each: what comes in; twice as much may wait to be read.
  std::size_t bodies = 64 * 1024 * 1024;
  std::chrono::milliseconds headers_in{10'000};  // from the first octet to the end of the headers
  std::chrono::milliseconds body_in{30'000};
  std::chrono::milliseconds write_in{30'000};
  std::chrono::milliseconds handshake_in{10'000};
  std::chrono::milliseconds idle{75'000};  // between requests
  std::size_t connections = 10'000;
};

// TlsOptions: the identities in order of preference; a client is given the
// first whose signature algorithm it offers. TLS 1.3 only, no 0-RTT. With `peers`
// the listener is mutual: a client must show a certificate that the policy admits,
// and gets no session ticket, because a resumed session would pass the policy by.
// `groups` are key exchanges in order of preference: X25519MLKEM768, X25519 and
// P-256 when empty; X25519MLKEM768 alone on a mutual listener, where MLKEM768 and
// MLKEM1024 may be named too, and nothing that a quantum computer breaks.
struct TlsOptions {
  std::vector<x509::Identity> identities;
  std::shared_ptr<const PeerPolicy> peers{};
  std::vector<std::string> groups{};
};

struct Listen {
  std::string host;                       // address or name
  std::uint16_t port = 0;                 // 0: any free port
  std::shared_ptr<const TlsOptions> tls;  // null: plain HTTP, loopback addresses only
};

// Exchange is one request that waits for its reply.
class Exchange {
 public:
  virtual ~Exchange() = default;
  [[nodiscard]] virtual const Request& request() const = 0;
  // respond gives the reply, exactly once, from any thread. This object and
  // its request may be gone as soon as it was called.
  virtual void respond(Reply reply) = 0;
};

// Server runs `threads` I/O threads. `handle` is called on one of them for each
// complete, well-formed request and must not block; malformed ones are answered
// here (400, 408, 413, 414, 417, 431, 501, 505), once, with a problem document,
// and the connection is closed. HTTP/1.0 is answered without keep-alive. Content
// that no longer fits into Limits::bodies is refused with 503 too_much_content; answers that
// no longer do end the connections that have read nothing for longest. Clients
// over Limits::connections get 503 (plain) or are closed (TLS). An idle
// connection is told 408 with `Connection: close` before it is closed.
// `content_rule` is asked on an I/O thread once the head of a request is there, before its body
// is read. A stream that fails after its first chunk ends in a reset.
// ~Server closes all connections and waits for handlers that have not answered.
// Metrics: quantumapi_http_connections, quantumapi_http_connections_refused_total,
// quantumapi_http_content_octets (what is taken of Limits::bodies by what comes in),
// quantumapi_http_answers_given_up_total (what was not read when memory was short),
// quantumapi_tls_handshakes_total{group,signature},
// quantumapi_tls_handshake_failures_total{reason} (an x509::Refusal among others),
// quantumapi_tls_peers_ended_total{reason} (connections whose peer is no longer admitted).
// Mutual listeners log each failure: reason, address, and the identity that was claimed.
class Server {
 public:
  using Handle = std::function<void(Exchange&)>;
  // BodyLimit tells what a request may send. A sender who is not known, where any can be,
  // shares a quarter of Limits::bodies with all the others.
  struct ContentRule {
    std::size_t octets = 0;
    bool is_known = false;
  };
  using BodyLimit = std::function<ContentRule(const Request&)>;
  struct Options {
    std::vector<Listen> listen;
    Limits limits;
    int threads = 1;
    Activity* activity = nullptr;  // an I/O thread that has requests or replies counts as work
  };
  // run executes a stream's pulls off the I/O threads.
  using Run = std::function<void(std::function<void()>)>;

  static Result<std::unique_ptr<Server>> start(Options options, Handle handle,
                                               BodyLimit content_rule, Run run, Logger& log,
                                               Metrics& metrics);
  ~Server();

  // ports are the bound ports, in the order of Options::listen.
  [[nodiscard]] std::vector<std::uint16_t> ports() const;

  // drain stops accepting, sends `Connection: close` with every further reply,
  // and answers idle connections with 408 and `Connection: close` after `grace`
  // without a request. Returns when all are closed or `deadline` passed. Not to
  // be called from a handler.
  void drain(std::chrono::milliseconds grace, std::chrono::milliseconds deadline);

  // reload_tls takes up new identities for handshakes that begin from now on. Open
  // connections go on, except those whose peer a new policy no longer admits; its roots
  // count for new handshakes. A mutual listener stays mutual: kInvalidArgument otherwise.
  Status reload_tls(std::size_t listener, std::shared_ptr<const TlsOptions> tls);

  // close_peers ends the connections of peers for which `which` holds, at once and whatever
  // they are about: a request whose handler runs gets no answer. From any thread; `which` is
  // called on the I/O threads, soon after this returned. A revoked peer needs no such call:
  // PeerPolicy::revocation_status ends it within half a second.
  void close_peers(std::function<bool(const x509::Peer&)> which);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::http
