#include "http/channel.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "http/socket_bio.h"

namespace quantumapi::http {
namespace {

Outcome from_errno(Io again) {
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {later ? again : Io::kFailed, 0};
}

}  // namespace

void SslFree::operator()(ssl_st* ssl) const noexcept { SSL_free(ssl); }

Channel::Channel(int socket, SslPtr ssl) : socket_(socket), ssl_(std::move(ssl)) {
  if (!ssl_) return;
  BIO* bio = make_socket_bio(socket);
  if (bio == nullptr) {
    usable_ = false;
    return;
  }
  SSL_set_bio(ssl_.get(), bio, bio);
}

Outcome Channel::from_ssl(int result) {
  if (result > 0) return {Io::kDone, static_cast<std::size_t>(result)};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Io::kWantRead};
    case SSL_ERROR_WANT_WRITE:
      return {Io::kWantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {Io::kEnd};
    case SSL_ERROR_SYSCALL:
      writable_ = false;
      return {Io::kFailed};
    default:
      usable_ = false;
      return {Io::kFailed};
  }
}

Outcome Channel::handshake() {
  if (!ssl_) return {Io::kDone};
  if (!usable_) return {Io::kFailed};
  ERR_clear_error();
  return from_ssl(SSL_do_handshake(ssl_.get()));
}

Outcome Channel::read(char* out, std::size_t size) {
  if (ssl_) {
    if (!usable_) return {Io::kFailed};
    ERR_clear_error();
    return from_ssl(
        SSL_read(ssl_.get(), out, static_cast<int>(std::min<std::size_t>(size, INT_MAX))));
  }
  const ssize_t got = ::recv(socket_, out, size, 0);
  if (got < 0) return from_errno(Io::kWantRead);
  return got == 0 ? Outcome{Io::kEnd} : Outcome{Io::kDone, static_cast<std::size_t>(got)};
}

Outcome Channel::write(std::string_view first, std::string_view second) {
  if (ssl_) {
    if (!usable_ || !writable_) return {Io::kFailed};
    const std::string_view piece = first.empty() ? second : first;
    ERR_clear_error();
    return from_ssl(SSL_write(ssl_.get(), piece.data(),
                              static_cast<int>(std::min<std::size_t>(piece.size(), INT_MAX))));
  }
  iovec pieces[2] = {{const_cast<char*>(first.data()), first.size()},
                     {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = second.empty() ? 1 : 2;
  const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
  if (sent < 0) return from_errno(Io::kWantWrite);
  return {Io::kDone, static_cast<std::size_t>(sent)};
}

Io Channel::write_all(std::string_view& first, std::string_view& second) {
  while (!first.empty() || !second.empty()) {
    const Outcome sent = write(first, second);
    if (sent.io != Io::kDone) return sent.io;
    const std::size_t of_first = std::min(sent.size, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(sent.size - of_first);
  }
  return Io::kDone;
}

bool Channel::may_hold_input() const { return ssl_ && SSL_has_pending(ssl_.get()) == 1; }

void Channel::finish() {
  if (ssl_ && usable_ && writable_ && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(socket_, SHUT_WR);
}

void Channel::abort(std::uint8_t alert) {
  if (ssl_ && usable_ && writable_) {
    ERR_clear_error();
    SSL_send_fatal_alert(ssl_.get(), alert);
    ERR_clear_error();
  }
  usable_ = false;
  ::shutdown(socket_, SHUT_RDWR);
}

}  // namespace quantumapi::http
