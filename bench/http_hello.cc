// http_hello serves one fixed answer, to measure the HTTP server alone:
//   taskset -c 0 http_hello 8090 & taskset -c 1 wrk -t1 -c64 -d5s http://127.0.0.1:8090/
//   http_hello PORT [inline|pool|tls]
// pool: answered by another thread, in bursts. tls: with both identities.
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "http/server.h"
#include "x509/server_identity.h"

namespace {

using namespace quantumapi;

http::Reply hello() { return http::Reply::text("{\"hello\":\"world\"}", "application/json"); }

SecretBytes seed(std::uint8_t octet) {
  SecretBytes made(32);
  for (std::uint8_t& each : made.reveal_mutable(SecretAccess{})) each = octet;
  return made;
}

std::shared_ptr<const http::TlsOptions> make_tls() {
  auto tls = std::make_shared<http::TlsOptions>();
  const WallTime now = base::SystemClock{}.wall();
  for (const auto type : {x509::KeyType::kMlDsa65, x509::KeyType::kEcdsaP256})
    if (auto made = x509::make_server_identity(type, {"localhost", "127.0.0.1"}, seed(1), seed(2),
                                               now, std::chrono::hours(24)))
      tls->identities.push_back(std::move(made->leaf));
  return tls;
}

// Pool answers everything that waits in one go, as a store thread does after a commit.
class Pool {
 public:
  Pool() : thread_([this] { run(); }) {}
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  void add(http::Exchange& exchange) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&exchange);
    wake_.notify_one();
  }

 private:
  void run() {
    std::vector<http::Exchange*> burst;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      burst.swap(waiting_);
      lock.unlock();
      for (http::Exchange* exchange : burst) exchange->respond(hello());
      burst.clear();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<http::Exchange*> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

int main(int count, char** arguments) {
  const int port = count > 1 ? std::atoi(arguments[1]) : 8090;
  const std::string_view mode = count > 2 ? arguments[2] : "inline";
  const bool pooled = mode == "pool";
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Logger log;
  Metrics metrics;
  Pool pool;
  http::Server::Options options;
  options.listen.push_back(
      {"127.0.0.1", static_cast<std::uint16_t>(port), mode == "tls" ? make_tls() : nullptr});
  const auto server = http::Server::start(
      std::move(options),
      [&](http::Exchange& exchange) {
        if (pooled)
          pool.add(exchange);
        else
          exchange.respond(hello());
      },
      [](const http::Request&) { return http::Server::ContentRule{std::size_t{1} << 20, true}; },
      [](std::function<void()> task) { task(); }, log, metrics);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message.c_str());
    return 1;
  }
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}
