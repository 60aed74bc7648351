// How a Connection answers and closes.
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "http/connection.h"
#include "http/problem.h"

namespace quantumapi::http {
namespace {

// Over TLS small content is copied behind the head: one record, one system call.
// Plain sockets take both as they are.
constexpr std::size_t kCopiedContent = 8 * 1024;
// Answers up to this size are bounded by the number of connections.
constexpr std::size_t kFreeToHold = 64 * 1024;
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::size_t kLingerOctets = 16 * 1024 * 1024;

void append_chunk_size(HeadBuffer& out, std::size_t size) {
  char digits[16];
  const char* end = std::to_chars(digits, digits + sizeof digits, size, 16).ptr;
  out.append(std::string_view(digits, end)).append("\r\n");
}

void clear(HeadBuffer& buffer) {
  base::wipe(buffer.data(), buffer.size());
  buffer.clear();
}

}  // namespace

auto Connection::refuse() -> Task<Next> {
  begin_exchange();
  framing_.keep_alive = false;
  reply_ = protocol_problem(request_, refusal_.status, refusal_.reason, refusal_.detail);
  if (refusal_.status == 503) reply_->headers.emplace_back("Retry-After", "1");
  const Next next = co_await answer();
  co_return next == Next::kAbort ? next : Next::kLinger;
}

void Connection::check_reply() {
  if (reply_->status >= 200 && reply_->status <= 599 && has_valid_headers(*reply_)) return;
  shared_.log.error("a reply with an impossible status or header was withheld",
                    {{"request", std::string_view(request_.id.to_string())}});
  reply_.emplace(problem(request_, Error{Code::kInternal, "impossible reply"}));
}

HeadOptions Connection::head_options() {
  const bool streams = static_cast<bool>(reply_->stream);
  return {.close = !framing_.keep_alive || shared_.draining,
          .chunked = streams && !framing_.http10,
          .sized = !streams,
          .date = io_.date(base::SystemClock{}.wall().seconds())};
}

auto Connection::answer() -> Task<Next> {
  check_reply();
  if (reply_->stream && may_have_content(reply_->status) && request_.method != Method::kHead)
    co_return co_await answer_stream();
  set_stage(Stage::kWrite, shared_.limits.write_in);
  const HeadOptions options = head_options();
  write_head(request_, *reply_, options, head_);
  std::string_view content;
  if (may_have_content(reply_->status) && request_.method != Method::kHead) content = reply_->body;
  if (channel_.is_tls() && content.size() <= kCopiedContent) {
    head_.append(content);
    content = {};
  }
  std::string_view first = head_;
  Next next = Next::kGo;
  // Nearly always all of it goes at once, and no coroutine need be made.
  const Io io = channel_.write_all(first, content);
  // What the content grew out of lies in the arena as long as itself.
  if (io != Io::kDone) next = co_await send(first, content, 2 * reply_->body.capacity());
  clear(head_);
  if (next != Next::kGo || !options.close) co_return next;
  co_return has_unread() ? Next::kLinger : Next::kClose;
}

// has_unread: what was received behind the request, wherever it lies.
bool Connection::has_unread() {
  int waiting = 0;
  return in_.data().size() > message_size_ || channel_.may_hold_input() ||
         (::ioctl(socket_.native_handle(), FIONREAD, &waiting) == 0 && waiting > 0);
}

// pull_chunk has the next chunk made off this thread; false when there is no more to send.
auto Connection::pull_chunk() -> Task<bool> {
  stage_ = Stage::kHandler;
  completed_ = false;
  shared_.run([this] {
    chunk_ = reply_->stream();
    io_.complete(*this);
  });
  co_await completion();
  co_return chunk_ && *chunk_;
}

auto Connection::answer_stream() -> Task<Next> {
  bool more = co_await pull_chunk();
  if (!chunk_) {  // before anything was sent: an answer like any other
    reply_.emplace(problem(request_, chunk_.error()));
    co_return co_await answer();
  }
  const HeadOptions options = head_options();
  write_head(request_, *reply_, options, head_);
  std::string_view line_end;
  while (more) {
    if (is_ended()) co_return Next::kAbort;
    std::string& chunk = **chunk_;
    if (!chunk.empty()) {
      if (options.chunked) {
        head_.append(line_end);
        append_chunk_size(head_, chunk.size());
        line_end = "\r\n";
      }
      set_stage(Stage::kWrite, shared_.limits.write_in);
      const Next sent = co_await send(head_, chunk, chunk.size());
      clear(head_);
      base::wipe(chunk.data(), chunk.size());
      if (sent != Next::kGo) co_return sent;
    }
    more = co_await pull_chunk();
  }
  if (!chunk_) {
    shared_.log.warning("a stream was cut", {{"reason", reason_of(chunk_.error())}});
    co_return Next::kAbort;
  }
  if (options.chunked) head_.append(line_end).append("0\r\n\r\n");
  set_stage(Stage::kWrite, shared_.limits.write_in);
  const Next sent = co_await send(head_, {});
  clear(head_);
  if (sent != Next::kGo) co_return sent;
  co_return options.close || options.chunked == false ? Next::kClose : Next::kGo;
}

auto Connection::send(std::string_view first, std::string_view second, std::size_t held)
    -> Task<Next> {
  bool waits = false;
  Next next = Next::kGo;
  while (true) {
    const std::size_t before = first.size() + second.size();
    const Io io = channel_.write_all(first, second);
    if (io == Io::kDone) break;
    next = Next::kAbort;
    if (io != Io::kWantRead && io != Io::kWantWrite) break;
    if (!std::exchange(waits, true) && held > kFreeToHold && !unread_.take(held)) {
      next = give_up();
      break;
    }
    if (first.size() + second.size() < before) unread_.moved();
    if (is_ended()) break;  // nobody would end the wait
    co_await wait_for(io);
    if (interrupted()) {
      if (unread_.gives_way()) next = give_up();
      break;
    }
    next = Next::kGo;
  }
  unread_.release();
  co_return next;
}

auto Connection::give_up() -> Next {
  shared_.metrics
      .counter("quantumapi_http_answers_given_up_total",
               "Answers that were not read when memory for them was short")
      .add();
  return Next::kAbort;
}

auto Connection::close(Next how) -> Task<void> {
  if (how == Next::kAbort) {
    const linger reset{1, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    co_return;
  }
  channel_.finish();
  if (how != Next::kLinger || is_ended()) co_return;
  // Closing with octets unread would reset the connection, and the peer might
  // lose our answer (RFC 9112 section 9.6). MSG_TRUNC drops without copying.
  set_stage(Stage::kLinger, kLingerTime);
  std::size_t dropped = 0;
  while (dropped < kLingerOctets) {
    co_await wait_for(Io::kWantRead);
    if (interrupted()) co_return;
    const ssize_t got = ::recv(socket_.native_handle(), nullptr, 1024 * 1024, MSG_TRUNC);
    if (got == 0 || (got < 0 && errno != EAGAIN)) co_return;
    if (got > 0) dropped += static_cast<std::size_t>(got);
  }
}

}  // namespace quantumapi::http
