#include "http/listen.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace quantumapi::http {
namespace {

struct AddressesFree {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesFree>;

Result<Addresses> resolve(const Listen& listen) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (listen.host.empty() ||
      ::getaddrinfo(listen.host.c_str(), std::to_string(listen.port).c_str(), &hints, &list) != 0)
    return fail(Code::kInvalidArgument, "cannot listen on '" + listen.host + "': unknown host");
  return Addresses(list);
}

std::unexpected<Error> bind_failed(const Listen& listen, std::uint16_t port) {
  return fail(Code::kUnavailable, "cannot listen on '" + listen.host + "' port " +
                                      std::to_string(port) + ": " + std::strerror(errno));
}

void set_port(sockaddr* address, std::uint16_t port) {
  if (address->sa_family == AF_INET)
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(port);
  else
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(port);
}

std::uint16_t bound_port(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&address)->sin_port
                                            : reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
}

bool open_socket(const addrinfo& address, Descriptor& socket) {
  socket = Descriptor(
      ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (socket.get() < 0) return false;
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ai_family == AF_INET6) {
    // "::" alone means every address of the machine, of both families.
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.ai_addr);
    const int only = IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr) ? 0 : 1;
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  return ::bind(socket.get(), address.ai_addr, address.ai_addrlen) == 0 &&
         ::listen(socket.get(), SOMAXCONN) == 0;
}

const in6_addr& v6_of(const sockaddr* address) {
  return reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this == &other) return *this;
  if (value_ >= 0) ::close(value_);
  value_ = other.release();
  return *this;
}

Descriptor::~Descriptor() {
  if (value_ >= 0) ::close(value_);
}

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET)
    return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr) >> 24 == 127;
  if (address->sa_family != AF_INET6) return false;
  const in6_addr& v6 = v6_of(address);
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

Result<Bound> bind_listener(const Listen& listen) {
  TRY_ASSIGN(const Addresses addresses, resolve(listen));
  Bound bound{{}, listen.port};
  for (addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    if (!listen.tls && !is_loopback(address->ai_addr))
      return fail(Code::kInvalidArgument, "plain HTTP is served on loopback addresses only, and '" +
                                              listen.host + "' is none: give this listener TLS");
    set_port(address->ai_addr, bound.port);
    Descriptor socket;
    if (!open_socket(*address, socket)) {
      // A host without IPv6 still resolves localhost to ::1.
      if (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) continue;
      return bind_failed(listen, bound.port);
    }
    if (bound.port == 0) bound.port = bound_port(socket.get());
    bound.sockets.push_back(std::move(socket));
  }
  if (bound.sockets.empty()) return bind_failed(listen, bound.port);
  return bound;
}

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr, text,
                sizeof text);
  } else if (address.ss_family == AF_INET6) {
    const in6_addr& v6 = v6_of(reinterpret_cast<const sockaddr*>(&address));
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      ::inet_ntop(AF_INET, v6.s6_addr + 12, text, sizeof text);
    } else {
      ::inet_ntop(AF_INET6, &v6, text, sizeof text);
    }
  }
  return text;
}

}  // namespace quantumapi::http
