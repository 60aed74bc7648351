// ScriptedServer: answers request after request with given octets, whatever
// was asked, for tests of what a client makes of them.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace quantumapi::http::testing {

class ScriptedServer {
 public:
  enum Way { kCloseAtTheEnd, kCloseAfterSecond, kNeverAnswer };

  explicit ScriptedServer(std::vector<std::string> answers, Way way = kCloseAtTheEnd)
      : answers_(std::move(answers)), way_(way), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void run() {
    std::size_t next = 0;
    while (next < answers_.size()) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      ++connections_;
      while (next < answers_.size() && take_request(socket)) {
        if (way_ == kNeverAnswer) continue;
        const std::string& answer = answers_[next++];
        ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
        if (way_ == kCloseAfterSecond && next == 2) break;
      }
      ::close(socket);
    }
  }
  // take_request reads to the end of a head; requests here have no content.
  static bool take_request(int socket) {
    std::string octets;
    char octet;
    while (!octets.ends_with("\r\n\r\n")) {
      if (::recv(socket, &octet, 1, 0) != 1) return false;
      octets += octet;
    }
    return true;
  }

  std::vector<std::string> answers_;
  Way way_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace quantumapi::http::testing
