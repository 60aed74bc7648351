// RawClient: a TCP client that sends exactly the octets it is told, for tests.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>

namespace quantumapi::http::testing {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int descriptor() const { return socket_; }

  // send gives false when the server no longer takes octets.
  bool send(std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }

  // read_all reads until the server closes; ended() then says whether it did in time.
  std::string read_all() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }
  // read_reply reads one answer by its Content-Length, or what came before the end.
  std::string read_reply(bool content = true) {
    std::size_t head = std::string::npos;
    while ((head = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!fill()) return std::exchange(buffer_, {});
    std::size_t size = head + 4;
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t line = buffer_.find(kLength);
    if (content && line < head)
      size += static_cast<std::size_t>(std::atoll(buffer_.c_str() + line + kLength.size()));
    while (buffer_.size() < size && fill()) {
    }
    std::string reply = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return reply;
  }
  // is_closed waits for the server to close, dropping what comes before.
  bool is_closed() {
    read_all();
    return ended_;
  }
  // was_reset is true when the connection ended by a reset.
  [[nodiscard]] bool was_reset() const { return reset_; }
  // has_failed is true once a reset arrived; it reads nothing.
  [[nodiscard]] bool has_failed() const {
    pollfd state{socket_, 0, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & POLLERR) != 0;
  }
  // has_input is true when the server said something within `patience`.
  bool has_input(std::chrono::milliseconds patience) {
    pollfd waiting{socket_, POLLIN, 0};
    return !buffer_.empty() || ::poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
  }

 private:
  bool fill() {
    pollfd waiting{socket_, POLLIN, 0};
    if (ended_ || ::poll(&waiting, 1, 15'000) <= 0) return false;
    char octets[16 * 1024];
    const ssize_t got = ::recv(socket_, octets, sizeof octets, 0);
    if (got > 0) {
      buffer_.append(octets, static_cast<std::size_t>(got));
      return true;
    }
    ended_ = true;
    reset_ = got < 0 && errno == ECONNRESET;
    return false;
  }

  int socket_;
  bool connected_ = false;
  bool ended_ = false;
  bool reset_ = false;
  std::string buffer_;
};

}  // namespace quantumapi::http::testing
