#include "http/connection.h"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.h"
#include "http/tls_server.h"

namespace quantumapi::http {
namespace {

namespace asio = boost::asio;
constexpr asio::use_awaitable_t<IoThread::Executor> kAwait;

}  // namespace

Connection::Connection(IoThread& io, Accepted accepted)
    : io_(io),
      shared_(io.shared()),
      socket_(io.context()),
      channel_(accepted.socket.get(), std::move(accepted.ssl)),
      listener_(accepted.listener),
      address_(std::move(accepted.peer)),
      refused_(accepted.refuse),
      scanner_(shared_.limits.request_line, shared_.limits.headers) {
  // The protocol matters to endpoints alone, which nobody asks for.
  socket_.assign(asio::ip::tcp::v4(), accepted.socket.release(), wait_error_);
  request_.peer_address = address_;
  request_.tls = channel_.is_tls();
  io_.add(*this);
}

Connection::~Connection() {
  end_exchange();
  io_.remove(*this);
  boost::system::error_code ignored;
  socket_.close(ignored);
  shared_.leave();
}

void Connection::start(IoThread& io, Accepted accepted) {
  auto connection = std::make_unique<Connection>(io, std::move(accepted));
  asio::co_spawn(io.context(), run(std::move(connection)), asio::detached);
}

auto Connection::run(std::unique_ptr<Connection> self) -> Task<void> {
  if (self->wait_error_ || self->shared_.stopping) co_return;
  Next next = Next::kAbort;
  try {
    next = co_await self->serve();
  } catch (const std::exception& error) {  // memory is short, or a handler broke its promise
    self->shared_.log.error("a connection was ended by an exception",
                            {{"what", std::string_view(error.what())}});
  }
  co_await self->close(next);
}

auto Connection::serve() -> Task<Next> {
  if (channel_.is_tls() && !co_await handshake()) co_return Next::kLinger;
  if (refused_) {
    refuse_with({503, "too_many_connections", "the server has as many connections as it takes"});
    co_return co_await refuse();
  }
  while (true) {
    const Next next = co_await serve_one();
    if (next != Next::kGo) co_return next;
  }
}

auto Connection::handshake() -> Task<bool> {
  set_stage(Stage::kHandshake, shared_.limits.handshake_in);
  while (true) {
    const Io io = channel_.handshake().io;
    if (io == Io::kDone) break;
    if (io == Io::kEnd || io == Io::kFailed) {
      handshake_failed(handshake_failure(channel_.ssl()));
      co_return false;
    }
    co_await wait_for(io);
    if (interrupted()) {
      handshake_failed(expired_ ? "timeout" : "closed");
      co_return false;
    }
  }
  handshake_done();
  co_return true;
}

auto Connection::serve_one() -> Task<Next> {
  Next next = co_await receive_head();
  if (next == Next::kGo && (framing_.chunked || framing_.content_length > 0))
    next = co_await receive_body();
  if (next == Next::kRefuse) co_return co_await refuse();
  if (next != Next::kGo) co_return next;
  hand_over();
  if (!completed_) co_await completion();
  if (is_ended()) co_return Next::kAbort;
  next = co_await answer();
  end_exchange();
  co_return next;
}

void Connection::begin_exchange() {
  if (arena_) return;
  arena_ = io_.take_arena();
  request_.arena = arena_.get();
  request_.id = RequestId::make(base::SystemClock{}.wall());
  request_.method = Method::kOther;
  request_.path = request_.query = request_.body = request_.traceparent = {};
  request_.headers.clear();
  framing_ = {};
}

void Connection::end_exchange() {
  reply_.reset();
  body_.reset();
  charge_.release();
  chunk_ = {};
  in_.consume(message_size_);
  in_.shrink();
  message_size_ = 0;
  skipped_empty_line_ = false;
  request_.arena = nullptr;
  if (arena_) io_.give_back(std::move(arena_));
}

void Connection::hand_over() {
  stage_ = Stage::kHandler;
  io_.has_work();
  completed_ = false;
  handling_ = true;
  shared_.handle(*this);
  handling_ = false;
}

void Connection::respond(Reply reply) {
  reply_.emplace(std::move(reply));
  // handling_ belongs to the I/O thread, so it is looked at there only.
  if (io_.is_current() && handling_) {
    completed_ = true;
    return;
  }
  io_.complete(*this);
}

void Connection::resume() {
  completed_ = true;
  if (auto resume = std::exchange(resume_, nullptr)) resume();
}

auto Connection::completion() -> Task<void> {
  auto initiation = [this](auto handler) { resume_ = std::move(handler); };
  return asio::async_initiate<const asio::use_awaitable_t<IoThread::Executor>, void()>(initiation,
                                                                                       kAwait);
}

auto Connection::wait_for(Io readiness) -> Task<void> {
  return socket_.async_wait(readiness == Io::kWantRead ? Socket::wait_read : Socket::wait_write,
                            asio::redirect_error(kAwait, wait_error_));
}

auto Connection::read_some(char* out, std::size_t size) -> Task<std::size_t> {
  return socket_.async_read_some(asio::buffer(out, size),
                                 asio::redirect_error(kAwait, wait_error_));
}

void Connection::set_stage(Stage stage, std::chrono::milliseconds limit) {
  stage_ = stage;
  deadline_ = std::chrono::steady_clock::now() + limit;
  expired_ = false;
}

void Connection::expire_before(SteadyTime now) {
  if (stage_ == Stage::kHandler || (now < deadline_ && !unread_.gives_way())) return;
  expired_ = true;
  stop();
}

void Connection::hasten() {
  if (stage_ == Stage::kIdle) deadline_ = std::min(deadline_, shared_.drain_until.load());
}

void Connection::stop() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

}  // namespace quantumapi::http
