// How a Connection receives a request.
#include <algorithm>
#include <boost/asio/error.hpp>

#include "http/chunked.h"
#include "http/connection.h"

namespace quantumapi::http {
namespace {

constexpr std::size_t kReadSize = 2048;
constexpr std::size_t kChunkedReadSize = 4096;
constexpr std::size_t kFirstBodyStep = 64 * 1024;
constexpr Refusal kTooLate{408, "request_timeout", "the request did not arrive in time"};
constexpr Refusal kTooMuchContent{503, "too_much_content",
                                  "the server takes in as much content as it can hold"};

}  // namespace

auto Connection::refuse_with(Refusal refusal) -> Next {
  refusal_ = refusal;
  return Next::kRefuse;
}

// Nothing is answered to a request that its client broke off.
// Who is refused is told what would have been taken.
auto Connection::refuse_content(std::size_t limit) -> Next {
  refusal_text_ = "the content is larger than " + std::to_string(limit) + " octets";
  return refuse_with({413, "payload_too_large", refusal_text_});
}

auto Connection::cut_off() -> Next { return expired_ ? refuse_with(kTooLate) : Next::kClose; }

auto Connection::receive(char* out, std::size_t size, std::size_t& got) -> Task<Io> {
  return channel_.is_tls() ? receive_tls(out, size, got) : receive_plain(out, size, got);
}

// One system call a request: Asio remembers that a read came short, and then
// waits for the next event without asking the socket or epoll in between.
auto Connection::receive_plain(char* out, std::size_t size, std::size_t& got) -> Task<Io> {
  got = co_await read_some(out, size);
  if (wait_error_ == boost::asio::error::eof) co_return Io::kEnd;
  co_return interrupted() ? Io::kFailed : Io::kDone;
}

auto Connection::receive_tls(char* out, std::size_t size, std::size_t& got) -> Task<Io> {
  Io wanted = channel_.may_hold_input() ? Io::kDone : Io::kWantRead;
  while (true) {
    if (wanted != Io::kDone) {
      co_await wait_for(wanted);
      if (interrupted()) co_return Io::kFailed;
    }
    const Outcome outcome = channel_.read(out, size);
    got = outcome.size;
    wanted = outcome.io;
    if (wanted != Io::kWantRead && wanted != Io::kWantWrite) co_return wanted;
  }
}

auto Connection::receive_head() -> Task<Next> {
  scanner_.reset();
  set_stage(Stage::kIdle, shared_.limits.idle);
  if (shared_.draining) hasten();
  while (true) {
    if (const auto next = take_head()) co_return *next;
    const std::span<char> space = in_.space(kReadSize);
    std::size_t got = 0;
    const Io io = co_await receive(space.data(), space.size(), got);
    if (io != Io::kDone) co_return cut_off();
    in_.commit(got);
  }
}

// take_head looks at what has arrived; nullopt when more is needed.
auto Connection::take_head() -> std::optional<Next> {
  if (in_.data().empty()) return std::nullopt;
  if (stage_ == Stage::kIdle) set_stage(Stage::kHead, shared_.limits.headers_in);
  // RFC 9112 section 2.2: an empty line before the request line is ignored.
  if (!skipped_empty_line_ && in_.data() == "\r") return std::nullopt;
  if (!skipped_empty_line_ && in_.data().starts_with("\r\n")) {
    in_.consume(2);
    skipped_empty_line_ = true;
    if (in_.data().empty()) return std::nullopt;
  }
  const auto size = scanner_.scan(in_.data());
  if (!size) return refuse_with(size.error());
  if (*size == 0) return std::nullopt;
  return parse(*size);
}

auto Connection::parse(std::size_t size) -> Next {
  begin_exchange();
  message_size_ = size;
  auto refusal = parse_head(in_.data().substr(0, size), request_, framing_);
  // Chunks arrive behind the head, which the views of the request pin down.
  if (!refusal && framing_.chunked && in_.room() < kChunkedReadSize) {
    in_.space(kChunkedReadSize);
    refusal = parse_head(in_.data().substr(0, size), request_, framing_);
  }
  return refusal ? refuse_with(*refusal) : Next::kGo;
}

auto Connection::receive_body() -> Task<Next> {
  const Server::ContentRule rule = shared_.body_limit(request_);
  const std::size_t limit = std::min(shared_.limits.body, rule.octets);
  charge_.begin(rule.is_known);
  if (!framing_.chunked && framing_.content_length > limit) co_return refuse_content(limit);
  set_stage(Stage::kBody, shared_.limits.body_in);
  // RFC 9110 section 10.1.1: needless once the content has begun to arrive.
  if (framing_.expects_continue && in_.data().size() == message_size_) {
    const Next sent = co_await send("HTTP/1.1 100 Continue\r\n\r\n", {});
    if (sent != Next::kGo) co_return sent;
  }
  Next next = Next::kGo;
  if (framing_.chunked) {
    next = co_await receive_chunked(limit);
  } else {
    next = co_await receive_sized();
  }
  co_return next;
}

auto Connection::receive_sized() -> Task<Next> {
  const auto size = static_cast<std::size_t>(framing_.content_length);
  const std::string_view rest = in_.data().substr(message_size_);
  if (rest.size() >= size) {
    request_.body = rest.substr(0, size);
    message_size_ += size;
    co_return Next::kGo;
  }
  message_size_ += rest.size();
  // Memory follows what arrives, not what a header announces. It lies in the
  // arena in any case, never inside the string object.
  std::pmr::string& body = body_.emplace(arena_.get());
  std::size_t have = rest.size();
  body.reserve(std::min(size, kFirstBodyStep) + sizeof body);
  body.assign(rest);
  while (have < size) {
    if (have == body.size()) {
      const std::size_t grown = std::min(size, have + std::max(have, kFirstBodyStep));
      if (grown > kFirstBodyStep && !charge_.take(grown)) co_return refuse_with(kTooMuchContent);
      body.resize(grown);
    }
    std::size_t got = 0;
    const Io io = co_await receive(body.data() + have, body.size() - have, got);
    if (io != Io::kDone) co_return cut_off();
    have += got;
  }
  request_.body = body;
  co_return Next::kGo;
}

auto Connection::receive_chunked(std::size_t limit) -> Task<Next> {
  ChunkedDecoder decoder(limit);
  std::pmr::string& body = body_.emplace(arena_.get());
  body.reserve(kChunkedReadSize);
  const std::size_t head_size = message_size_;
  std::size_t charged = kFirstBodyStep;
  while (true) {
    const auto used = decoder.feed(in_.data().substr(head_size), body);
    if (!used && used.error().status == 413) co_return refuse_content(limit);
    if (!used) co_return refuse_with(used.error());
    if (body.capacity() > charged) {
      if (!charge_.take(body.capacity())) co_return refuse_with(kTooMuchContent);
      charged = body.capacity();
    }
    if (decoder.done()) {
      message_size_ = head_size + *used;
      request_.body = body;
      co_return Next::kGo;
    }
    in_.truncate(head_size);
    const std::span<char> space = in_.space(1);
    std::size_t got = 0;
    const Io io = co_await receive(space.data(), space.size(), got);
    if (io != Io::kDone) co_return cut_off();
    in_.commit(got);
  }
}

}  // namespace quantumapi::http
