#include "http/address_range.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "http/listen.h"

namespace quantumapi::http {
namespace {

using V6 = std::span<const std::uint8_t, 16>;

bool is_near_v4(std::span<const std::uint8_t, 4> octets) {
  const bool this_host = octets[0] == 0 || octets[0] == 127;
  const bool link = octets[0] == 169 && octets[1] == 254;
  return this_host || link || octets[0] >= 224;
}

bool begins_with(V6 octets, std::span<const std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), octets.begin());
}

bool is_near_v6(V6 octets) {
  constexpr std::array<std::uint8_t, 12> kCompatible{};  // :: and ::1 too
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> kTranslated{0, 0x64, 0xff, 0x9b};
  constexpr std::array<std::uint8_t, 2> kSixToFour{0x20, 0x02};
  for (const auto& prefix : {kCompatible, kMapped, kTranslated})
    if (begins_with(octets, prefix)) return is_near_v4(octets.last<4>());
  if (begins_with(octets, kSixToFour)) return is_near_v4(octets.subspan<2, 4>());
  const bool link_or_site = octets[0] == 0xfe && octets[1] >= 0x80;
  return link_or_site || octets[0] == 0xff;
}

}  // namespace

bool is_near(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    std::array<std::uint8_t, 4> octets;
    std::memcpy(octets.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    return is_near_v4(octets);
  }
  if (address->sa_family != AF_INET6) return true;
  return is_near_v6(V6(reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr.s6_addr));
}

bool is_near_host(std::string_view host) {
  const std::string text(host);
  std::array<std::uint8_t, 16> octets;
  if (::inet_pton(AF_INET, text.c_str(), octets.data()) == 1)
    return is_near_v4(std::span(octets).first<4>());
  if (::inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) return is_near_v6(octets);
  return host == "localhost" || host.ends_with(".localhost");
}

bool is_loopback_host(std::string_view host) {
  const std::string text(host);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1)
    return is_loopback(reinterpret_cast<const sockaddr*>(&v4));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1)
    return is_loopback(reinterpret_cast<const sockaddr*>(&v6));
  return host == "localhost";
}

}  // namespace quantumapi::http
