// Server: listeners, connections and their limits. Coroutines live in this room only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "http/message.h"
#include "x509/server_identity.h"

namespace quantumapi::http {

struct Limits {
  std::size_t request_line = 16 * 1024;
  std::size_t headers = 32 * 1024;               // all header lines together
  std::size_t body = 2 * 1024 * 1024;            // the largest any route takes
  std::size_t bodies = 64 * 1024 * 1024;         // of all connections; past 64 KiB each they count
  std::chrono::milliseconds headers_in{10'000};  // from the first octet to the end of the headers
  std::chrono::milliseconds body_in{30'000};
  std::chrono::milliseconds write_in{30'000};
  std::chrono::milliseconds handshake_in{10'000};
  std::chrono::milliseconds idle{75'000};  // between requests
  std::size_t connections = 10'000;
};

// TlsOptions: the identities in order of preference; a client is given the
// first whose signature algorithm it offers. TLS 1.3 only, groups
// X25519MLKEM768, X25519, P-256 in this order, no 0-RTT.
struct TlsOptions {
  std::vector<x509::Identity> identities;
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
// that no longer fits into Limits::bodies is refused with 503 too_much_content. Clients
// over Limits::connections get 503 (plain) or are closed (TLS). An idle
// connection is told 408 with `Connection: close` before it is closed.
// `body_limit` gives the limit for a request's method and path, before its body
// is read. A stream that fails after its first chunk ends in a reset.
// ~Server closes all connections and waits for handlers that have not answered.
// Metrics: quantumapi_http_connections, quantumapi_http_connections_refused_total,
// quantumapi_http_content_octets (what is taken of Limits::bodies),
// quantumapi_tls_handshakes_total{group,signature},
// quantumapi_tls_handshake_failures_total{reason}.
class Server {
 public:
  using Handle = std::function<void(Exchange&)>;
  using BodyLimit = std::function<std::size_t(Method, std::string_view path)>;
  struct Options {
    std::vector<Listen> listen;
    Limits limits;
    int threads = 1;
  };
  // run executes a stream's pulls off the I/O threads.
  using Run = std::function<void(std::function<void()>)>;

  static Result<std::unique_ptr<Server>> start(Options options, Handle handle, BodyLimit body_limit,
                                               Run run, Logger& log, Metrics& metrics);
  ~Server();

  // ports are the bound ports, in the order of Options::listen.
  [[nodiscard]] std::vector<std::uint16_t> ports() const;

  // drain stops accepting, sends `Connection: close` with every further reply,
  // and answers idle connections with 408 and `Connection: close` after `grace`
  // without a request. Returns when all are closed or `deadline` passed. Not to
  // be called from a handler.
  void drain(std::chrono::milliseconds grace, std::chrono::milliseconds deadline);

  // reload_tls takes up new identities for handshakes that begin from now on.
  Status reload_tls(std::size_t listener, std::shared_ptr<const TlsOptions> tls);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::http
