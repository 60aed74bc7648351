// Which addresses mean this host or its link.
#pragma once

#include <string_view>

struct sockaddr;

namespace quantumapi::http {

// is_near is true for addresses that mean this host (loopback, unspecified), its link
// (169.254.0.0/16 with the metadata of clouds, fe80::/10), or no single host (multicast,
// broadcast, reserved), and for IPv6 forms that hold such an IPv4 address: mapped, compatible
// (RFC 4291 section 2.5.5), translated (64:ff9b::/96, RFC 6052) and 6to4 (2002::/16, RFC 3056).
bool is_near(const sockaddr* address);

// is_near_host is is_near for a host that is written as an address, and true for localhost and
// the names below it (RFC 6761 section 6.3). Other names are known once they are resolved.
bool is_near_host(std::string_view host);

// is_loopback_host is is_loopback (listen.h) for a host that is written as an address, and true
// for localhost. Plain http goes to these alone.
bool is_loopback_host(std::string_view host);

}  // namespace quantumapi::http
