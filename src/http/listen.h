// Listening sockets: names and addresses bound, plain HTTP kept to loopback.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "http/server.h"

namespace quantumapi::http {

// Descriptor owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  [[nodiscard]] int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

struct Bound {
  std::vector<Descriptor> sockets;  // one for each address of the host; non-blocking, listening
  std::uint16_t port = 0;           // the same for all
};

// bind_listener resolves and binds. kInvalidArgument for an unknown host and
// for plain HTTP on an address that other machines reach; kUnavailable when
// the port is taken or forbidden.
Result<Bound> bind_listener(const Listen& listen);

// address_text is the peer's address without port; an IPv4 address mapped
// into IPv6 is given as IPv4.
std::string address_text(const sockaddr_storage& address);

// is_loopback is true for 127.0.0.0/8 and ::1, also mapped into IPv6.
bool is_loopback(const sockaddr* address);

}  // namespace quantumapi::http
