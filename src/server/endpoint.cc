#include "server/endpoint.h"

#include <arpa/inet.h>

#include <charconv>

namespace quantumapi::server {
namespace {

bool is_ipv4(const std::string& host) {
  in_addr v4{};
  return ::inet_pton(AF_INET, host.c_str(), &v4) == 1;
}

// covers: the socket of "::" takes what comes by IPv4 too.
bool covers(const std::string& host, const std::string& other) {
  in6_addr v6{};
  const bool every = ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6);
  const bool numeric = is_ipv4(other) || ::inet_pton(AF_INET6, other.c_str(), &v6) == 1;
  return host == other || (host == "0.0.0.0" && is_ipv4(other)) || (every && numeric);
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(Code::kInvalidArgument, "an address is HOST:PORT");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') != host.ends_with(']'))
    return fail(Code::kInvalidArgument, "an IPv6 address stands in brackets: [::1]:8443");
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size())
    return fail(Code::kInvalidArgument, "a port is a number up to 65535");
  return Endpoint{std::string(host), port};
}

bool Endpoint::is_public() const {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 != 127;
  if (::inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  return !IN6_IS_ADDR_LOOPBACK(&v6) && !(IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

bool Endpoint::meets(const Endpoint& other) const {
  return port != 0 && port == other.port && (covers(host, other.host) || covers(other.host, host));
}

}  // namespace quantumapi::server
