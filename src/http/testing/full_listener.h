// FullListener: a listener whose queue is full, so that the system drops whoever knocks, as where
// packets are lost on the way.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

namespace quantumapi::http::testing {

class FullListener {
 public:
  FullListener() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    ::listen(listener_, 0);
    socklen_t size = sizeof address_;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
    while (knock()) {
    }
  }
  ~FullListener() {
    hang_up();
    if (served_ >= 0) ::close(served_);
    ::close(listener_);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return ntohs(address_.sin_port); }

  // serve empties the queue, and answers the first who asks for something with `answer`.
  void serve(const std::string& answer) {
    hang_up();
    char octet = 0;
    while (::recv(served_, &octet, 1, 0) != 1) {
      if (served_ >= 0) ::close(served_);
      served_ = ::accept(listener_, nullptr, nullptr);
    }
    ::send(served_, answer.data(), answer.size(), MSG_NOSIGNAL);
  }

 private:
  // knock is false when nobody let it in.
  bool knock() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    knocking_.push_back(socket);
    ::connect(socket, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    pollfd waiting{socket, POLLOUT, 0};
    return ::poll(&waiting, 1, 200) == 1;
  }
  void hang_up() {
    for (const int socket : knocking_) ::close(socket);
    knocking_.clear();
  }

  int listener_;
  int served_ = -1;  // open to the end: to close it before all was read would reset it
  sockaddr_in address_{};
  std::vector<int> knocking_;
};

}  // namespace quantumapi::http::testing
