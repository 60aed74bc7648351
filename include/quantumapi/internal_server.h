// quantumapi::sdk::InternalServer: the door for other services of the platform, by mutual TLS.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "quantumapi/certificate_provider.h"
#include "quantumapi/export.h"
#include "quantumapi/internal.h"
#include "quantumapi/log.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// InternalServer answers only peers with a certificate of the tenant's authority, whose SPIFFE id
// is allowed, that is neither expired nor revoked; every key and signature ML-DSA. It reads the
// authority's revocation lists each 150 ms and closes what a revoked peer has open. A
// new certificate of its own is used for connections from then on. It borrows the provider, which
// must outlive it; safe from any thread.
class QUANTUMAPI_EXPORT InternalServer {
 public:
  // kMaxThreads is on how many threads handlers may run.
  static constexpr int kMaxThreads = 1024;

  // Options: where it listens, and whom it answers.
  struct Options {
    std::string host = "0.0.0.0";
    std::uint16_t port = 8443;                 // 0: any free one
    std::vector<std::string> allowed_peers;    // SPIFFE ids, at least one
    int threads = 4;                           // on which handlers run, 1 to kMaxThreads
    std::size_t waiting = 1'000;               // requests that wait for a thread; more get 503
    std::size_t body_limit = 2 * 1024 * 1024;  // octets
    // Key exchanges that it takes, the preferred one first: X25519MLKEM768 (alone where none is
    // named), MLKEM768, MLKEM1024.
    std::vector<std::string> groups{};
    Log log{};
  };

  // Request is one that a verified peer sent.
  struct Request {
    std::string peer;    // its SPIFFE id
    std::string method;  // "GET"
    std::string path;    // as sent, percent-encoded
    std::string query;   // as sent, without '?'
    Headers headers;
    std::string body;
  };

  // Handler answers one request; it may block. What it throws is answered with 500, and
  // its type is logged. Its 408 is sent as 504: to a client 408 says that the request was never
  // had, and it would send it again.
  using Handler = std::function<Response(const Request&)>;

  // start listens. Kind::kUnavailable while there is no certificate, no revocation list was read,
  // the port is taken ("listen_failed"), or the process may have no more threads ("no_thread");
  // Kind::kInvalid without an allowed peer, for one that is none, and for other options that can't
  // be used.
  static Result<std::unique_ptr<InternalServer>> start(ServiceCertificateProvider& certificates,
                                                       Options options, Handler handler);
  // ~InternalServer closes every connection after the handlers that run have ended.
  ~InternalServer();

  // port is the one it listens on.
  [[nodiscard]] std::uint16_t port() const;
  // drain takes no new connections, lets open ones end within `limit`, and returns then.
  void drain(std::chrono::milliseconds limit);
  // metrics is Prometheus text: connections, handshakes, and refused ones by reason.
  [[nodiscard]] std::string metrics() const;

 private:
  struct Impl;
  explicit InternalServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::sdk
