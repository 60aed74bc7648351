#include "http/client_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "http/chunked.h"
#include "http/connect.h"
#include "http/request_head.h"
#include "http/tls_client.h"

namespace quantumapi::http {
namespace {

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kMaxStatusLine = 8 * 1024;
constexpr std::size_t kMaxHeaders = 64 * 1024;
constexpr int kMaxInterimAnswers = 8;

std::unexpected<Error> cut_short() {
  return fail(Code::kUnavailable, "the connection was closed before the answer was complete",
              "connection_closed");
}

std::unexpected<Error> too_large(std::size_t limit) {
  return fail(Code::kTooLarge, "the answer is larger than " + std::to_string(limit) + " octets");
}

}  // namespace

ClientConnection::ClientConnection(Descriptor socket, SslPtr ssl)
    : socket_(std::move(socket)), channel_(socket_.get(), std::move(ssl)) {}

Result<std::unique_ptr<ClientConnection>> ClientConnection::open(
    const Url& place, const std::string& host, ssl_ctx_st* context, SteadyTime deadline,
    std::stop_token cancel, Reach reach) {
  TRY_ASSIGN(Descriptor socket, connect_to(place, deadline, cancel, reach));
  SslPtr ssl;
  if (context != nullptr) {
    ssl = make_client_session(context, host);
    if (!ssl) return fail(Code::kInternal, "no memory for a TLS session");
  }
  std::unique_ptr<ClientConnection> connection(
      new ClientConnection(std::move(socket), std::move(ssl)));
  connection->cancel_ = std::move(cancel);
  TRY(connection->shake_hands(deadline));
  return connection;
}

Status ClientConnection::wait(Io readiness, SteadyTime deadline) {
  return wait_for_socket(socket_.get(), readiness == Io::kWantRead ? POLLIN : POLLOUT, deadline,
                         cancel_);
}

Status ClientConnection::shake_hands(SteadyTime deadline) {
  if (!channel_.is_tls()) return {};
  while (true) {
    const Io io = channel_.handshake().io;
    if (io == Io::kDone) break;
    if (io == Io::kEnd || io == Io::kFailed) return std::unexpected(client_failure(channel_.ssl()));
    TRY(wait(io, deadline));
  }
  facts_ = tls_facts_of(channel_.ssl());
  return {};
}

Status ClientConnection::write(std::string_view head, std::string_view body, SteadyTime deadline) {
  while (true) {
    const Io io = channel_.write_all(head, body);
    if (io == Io::kDone) return {};
    if (io == Io::kEnd || io == Io::kFailed) return lost();
    TRY(wait(io, deadline));
  }
}

std::unexpected<Error> ClientConnection::lost() {
  if (auto refused = client_refused(channel_.ssl())) return std::unexpected(*std::move(refused));
  return cut_short();
}

Result<bool> ClientConnection::fill(SteadyTime deadline) {
  const std::span<char> space = in_.space(kReadSize);
  while (true) {
    const Outcome outcome = channel_.read(space.data(), space.size());
    if (outcome.io == Io::kDone) {
      in_.commit(outcome.size);
      answered_ = true;
      return true;
    }
    if (outcome.io == Io::kEnd) return false;
    if (outcome.io == Io::kFailed) return lost();
    TRY(wait(outcome.io, deadline));
  }
}

Result<ResponseHead> ClientConnection::read_head(SteadyTime deadline) {
  for (int interim = 0; interim < kMaxInterimAnswers; ++interim) {
    HeadScanner scanner(kMaxStatusLine, kMaxHeaders);
    while (true) {
      const auto size = scanner.scan(in_.data());
      if (!size)
        return fail(Code::kUnavailable, "the answer is not valid HTTP, or its head is too large");
      if (*size > 0) {
        auto head = parse_response_head(in_.data().substr(0, *size));
        in_.consume(*size);
        if (!head || head->status >= 200) return head;
        break;
      }
      TRY_ASSIGN(const bool more, fill(deadline));
      if (!more) return cut_short();
    }
  }
  return fail(Code::kUnavailable, "the server answers with interim answers only");
}

Status ClientConnection::read_body(const ResponseHead& head, std::size_t limit, const Chunk& chunk,
                                   SteadyTime deadline) {
  if (head.chunked) return read_chunked(limit, chunk, deadline);
  if (!head.content_length) return read_to_end(limit, chunk, deadline);
  if (*head.content_length > limit) return too_large(limit);
  return read_sized(*head.content_length, chunk, deadline);
}

Status ClientConnection::read_sized(std::uint64_t size, const Chunk& chunk, SteadyTime deadline) {
  while (size > 0) {
    const std::string_view piece = in_.data().substr(0, size);
    if (!piece.empty()) {
      TRY(chunk(piece));
      size -= piece.size();
      in_.consume(piece.size());
      continue;
    }
    TRY_ASSIGN(const bool more, fill(deadline));
    if (!more) return cut_short();
  }
  return {};
}

Status ClientConnection::read_chunked(std::size_t limit, const Chunk& chunk, SteadyTime deadline) {
  ChunkedDecoder decoder(limit);
  std::size_t have = 0;
  while (!decoder.done()) {
    if (in_.data().empty()) {
      TRY_ASSIGN(const bool more, fill(deadline));
      if (!more) return cut_short();
    }
    const auto step = decoder.next(in_.data(), have);
    if (!step && step.error().status == 413) return too_large(limit);
    if (!step) return fail(Code::kUnavailable, "the answer is not valid HTTP: its chunks");
    if (!step->content.empty()) TRY(chunk(step->content));
    have += step->content.size();
    in_.consume(step->used);
  }
  return {};
}

// Without any length the answer ends with the connection; over TLS a missing
// close_notify reads as kFailed, so a cut is told from an end there.
Status ClientConnection::read_to_end(std::size_t limit, const Chunk& chunk, SteadyTime deadline) {
  std::size_t have = 0;
  while (true) {
    const std::string_view piece = in_.data();
    have += piece.size();
    if (have > limit) return too_large(limit);
    if (!piece.empty()) TRY(chunk(piece));
    in_.consume(piece.size());
    TRY_ASSIGN(const bool more, fill(deadline));
    if (!more) return {};
  }
}

const ssl_ctx_st* ClientConnection::context() const {
  return channel_.is_tls() ? context_of(channel_.ssl()) : nullptr;
}

void ClientConnection::cut() { ::shutdown(socket_.get(), SHUT_RDWR); }

bool ClientConnection::is_quiet() const {
  pollfd state{socket_.get(), POLLIN | POLLRDHUP, 0};
  if (!in_.data().empty() || ::poll(&state, 1, 0) < 0) return false;
  // Over TLS the socket may hold a session ticket, which is no answer.
  if (channel_.is_tls()) return (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0;
  return state.revents == 0;
}

}  // namespace quantumapi::http
