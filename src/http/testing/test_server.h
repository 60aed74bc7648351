// TestServer: a real server on a free loopback port, answering with an echo
// unless told otherwise.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "http/server.h"
#include "http/testing/raw_client.h"

namespace quantumapi::http::testing {

// echo tells what the handler saw.
inline Reply echo(const Request& request) {
  Reply reply;
  reply.content_type = "text/plain";
  reply.body = std::pmr::string(request.arena);
  for (const std::string_view part :
       {to_string(request.method), request.path, request.query, request.body, request.peer_address})
    reply.body.append(part).append("|");
  return reply;
}

// run_on_new_thread stands for the pool that pulls streams.
inline void run_on_new_thread(std::function<void()> task) { std::thread(std::move(task)).detach(); }

class TestServer {
 public:
  struct Setup {
    Limits limits{};
    Server::Handle handle{};
    std::size_t body_limit = 1024 * 1024;
    bool known_senders = true;
    int threads = 1;
    std::shared_ptr<const TlsOptions> tls{};
    std::string host = "127.0.0.1";
    int log = 2;
  };

  TestServer() : TestServer(Setup{}) {}
  explicit TestServer(Setup setup)
      : log_(setup.log, setup.log == 2 ? LogLevel::kError : LogLevel::kInfo) {
    auto handle = setup.handle ? setup.handle : [](Exchange& exchange) {
      exchange.respond(echo(exchange.request()));
    };
    Server::Options options;
    options.listen.push_back({setup.host, 0, setup.tls});
    options.limits = setup.limits;
    options.threads = setup.threads;
    auto server = Server::start(
        std::move(options),
        [this, handle](Exchange& exchange) {
          ++handled_;
          handle(exchange);
        },
        [limit = setup.body_limit, known = setup.known_senders](const Request&) {
          return Server::ContentRule{limit, known};
        },
        run_on_new_thread, log_, metrics_);
    if (!server) {
      ADD_FAILURE() << server.error().message;
      std::abort();
    }
    server_ = std::move(*server);
  }

  Server& server() { return *server_; }
  Metrics& metrics() { return metrics_; }
  [[nodiscard]] std::uint16_t port() const { return server_->ports().front(); }
  // handled is how many requests reached the handler.
  [[nodiscard]] int handled() const { return handled_; }
  void stop() { server_.reset(); }

  // ask sends octets on a new connection and gives everything until it is closed.
  std::string ask(std::string_view octets) {
    RawClient client(port());
    client.send(octets);
    const std::string reply = client.read_all();
    EXPECT_TRUE(client.is_closed()) << "still open after: " << octets.substr(0, 200);
    return reply;
  }

 private:
  std::atomic<int> handled_ = 0;
  Logger log_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;
};

// eventually polls until `holds` does or ten seconds passed.
template <typename Holds>
bool eventually(Holds holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

inline constexpr std::string_view kGet = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
inline constexpr std::string_view kGetAndClose =
    "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

inline std::string content_of(const std::string& reply) {
  const std::size_t head = reply.find("\r\n\r\n");
  return head == std::string::npos ? "" : reply.substr(head + 4);
}

inline int status_of_reply(std::string_view reply) {
  return reply.size() < 12 ? 0 : std::atoi(std::string(reply.substr(9, 3)).c_str());
}

}  // namespace quantumapi::http::testing
