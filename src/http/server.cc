#include "http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <future>

#include "http/io_thread.h"
#include "http/listen.h"
#include "http/tls_server.h"

namespace quantumapi::http {
namespace {

namespace asio = boost::asio;
using Executor = IoThread::Executor;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait;

// Past the limit so many more are told why; the others are just closed.
constexpr std::size_t kRefusedAtOnce = 64;
constexpr int kAcceptsAtOnce = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kPatience{5};

struct Listener {
  std::vector<Acceptor> acceptors;  // one for each address
  std::uint16_t port = 0;
  std::optional<TlsListener> tls;  // none: plain
};

enum class Accepting : std::uint8_t { kDone, kMore, kExhausted };

}  // namespace

struct Server::Impl {
  Impl(Options& options, Handle handle, BodyLimit body_limit, Run run, Logger& log,
       Metrics& metrics)
      : shared(options.limits, options.activity, std::move(handle), std::move(body_limit),
               std::move(run), log, metrics),
        refused(metrics.counter("quantumapi_http_connections_refused_total",
                                "Connections over the limit")) {}

  Status add_listener(const Listen& listen);
  void start();
  asio::awaitable<void, Executor> accept(Listener& listener, Acceptor& acceptor);
  Accepting accept_pending(Listener& listener, Acceptor& acceptor);
  bool admit(Listener& listener, Accepted& accepted);
  void close_acceptors(bool take_waiting);
  void stop();

  Shared shared;
  base::Counter& refused;
  std::vector<std::unique_ptr<IoThread>> threads;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::size_t next_thread = 0;
  bool closing = false;  // of the first thread
};

Status Server::Impl::add_listener(const Listen& listen) {
  auto listener = std::make_unique<Listener>();
  if (listen.tls) TRY(listener->tls.emplace().take_up(*listen.tls));
  TRY_ASSIGN(Bound bound, bind_listener(listen));
  listener->port = bound.port;
  for (Descriptor& socket : bound.sockets) {
    boost::system::error_code error;
    Acceptor& acceptor = listener->acceptors.emplace_back(threads.front()->context());
    acceptor.assign(asio::ip::tcp::v4(), socket.release(), error);
    if (error) return fail(Code::kUnavailable, "cannot listen: " + error.message());
  }
  listeners.push_back(std::move(listener));
  return {};
}

void Server::Impl::start() {
  for (const auto& listener : listeners)
    for (Acceptor& acceptor : listener->acceptors)
      asio::co_spawn(threads.front()->context(), accept(*listener, acceptor), asio::detached);
  for (const auto& thread : threads) thread->start();
}

asio::awaitable<void, Executor> Server::Impl::accept(Listener& listener, Acceptor& acceptor) {
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      pause(threads.front()->context());
  while (!closing) {
    boost::system::error_code error;
    auto token = asio::redirect_error(kAwait, error);
    co_await acceptor.async_wait(Acceptor::wait_read, token);
    if (closing) co_return;
    const Accepting left = error ? Accepting::kExhausted : accept_pending(listener, acceptor);
    if (left != Accepting::kExhausted) continue;
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(token);
  }
}

Accepting Server::Impl::accept_pending(Listener& listener, Acceptor& acceptor) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Accepted accepted{.socket = Descriptor(::accept4(acceptor.native_handle(),
                                                     reinterpret_cast<sockaddr*>(&address), &size,
                                                     SOCK_NONBLOCK | SOCK_CLOEXEC))};
    if (accepted.socket.get() < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return Accepting::kDone;
      if (errno == EINTR || errno == ECONNABORTED) continue;
      shared.log.error("cannot accept connections",
                       {{"reason", std::string_view(std::strerror(errno))}});
      return Accepting::kExhausted;
    }
    if (!admit(listener, accepted)) continue;
    const int on = 1;
    ::setsockopt(accepted.socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    accepted.peer = address_text(address);
    shared.enter();
    threads[next_thread++ % threads.size()]->adopt(std::move(accepted));
  }
  return Accepting::kMore;
}

// admit decides over the limit: plain clients get a 503, as far as that does
// not become a load of its own; TLS clients are closed before the handshake.
bool Server::Impl::admit(Listener& listener, Accepted& accepted) {
  const std::size_t open = shared.connections.load();
  accepted.refuse = open >= shared.limits.connections;
  if (accepted.refuse) {
    refused.add();
    return !listener.tls && open < shared.limits.connections + kRefusedAtOnce;
  }
  if (!listener.tls) return true;
  accepted.ssl = listener.tls->begin();
  accepted.listener = &*listener.tls;
  return accepted.ssl != nullptr;
}

// Clients whose connection is complete but not yet accepted would be reset by
// closing; draining serves them.
void Server::Impl::close_acceptors(bool take_waiting) {
  std::promise<void> closed;
  asio::post(threads.front()->context(), [&] {
    for (const auto& listener : listeners) {
      for (Acceptor& acceptor : listener->acceptors) {
        if (!acceptor.is_open()) continue;
        while (take_waiting && accept_pending(*listener, acceptor) == Accepting::kMore) {
        }
        boost::system::error_code ignored;
        acceptor.close(ignored);
      }
    }
    closing = true;
    closed.set_value();
  });
  closed.get_future().wait();
}

void Server::Impl::stop() {
  close_acceptors(false);
  shared.stopping = true;
  for (const auto& thread : threads) thread->stop();
  // What remains are requests whose handlers have not answered; they refer to us.
  while (!shared.wait_until_empty(std::chrono::steady_clock::now() + kPatience))
    shared.log.warning("the server waits for handlers that have not answered",
                       {{"connections", static_cast<std::int64_t>(shared.connections.load())}});
  for (const auto& thread : threads) thread->join();
  shared.connections_gauge.set(0);
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { impl_->stop(); }

Result<std::unique_ptr<Server>> Server::start(Options options, Handle handle, BodyLimit body_limit,
                                              Run run, Logger& log, Metrics& metrics) {
  auto impl = std::make_unique<Impl>(options, std::move(handle), std::move(body_limit),
                                     std::move(run), log, metrics);
  for (int i = 0; i < std::max(1, options.threads); ++i)
    impl->threads.push_back(std::make_unique<IoThread>(impl->shared));
  for (const Listen& listen : options.listen) TRY(impl->add_listener(listen));
  impl->start();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::vector<std::uint16_t> Server::ports() const {
  std::vector<std::uint16_t> ports;
  for (const auto& listener : impl_->listeners) ports.push_back(listener->port);
  return ports;
}

void Server::drain(std::chrono::milliseconds grace, std::chrono::milliseconds deadline) {
  const SteadyTime now = std::chrono::steady_clock::now();
  impl_->shared.drain_until = now + grace;
  impl_->shared.draining = true;
  impl_->close_acceptors(true);
  for (const auto& thread : impl_->threads) thread->drain();
  impl_->shared.wait_until_empty(now + deadline);
}

Status Server::reload_tls(std::size_t listener, std::shared_ptr<const TlsOptions> tls) {
  if (listener >= impl_->listeners.size() || !impl_->listeners[listener]->tls || !tls)
    return fail(Code::kInvalidArgument, "there is no TLS listener of this number");
  return impl_->listeners[listener]->tls->take_up(*tls);
}

void Server::close_peers(std::function<bool(const x509::Peer&)> which) {
  const auto shared = std::make_shared<const decltype(which)>(std::move(which));
  for (const auto& thread : impl_->threads) thread->end_peers(shared);
}

}  // namespace quantumapi::http
