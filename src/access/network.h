// Network: an address range in CIDR form (RFC 4632, RFC 4291 section 2.3).
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quantumapi::access {

// Address is an IPv6 address; an IPv4 one stands as ::ffff:a.b.c.d, so that a
// peer matches however a dual-stack socket names it.
using Address = std::array<std::uint8_t, 16>;

// parse_address takes "192.0.2.1", "2001:db8::1" and a zone after '%', which is ignored.
Result<Address> parse_address(std::string_view text);

class Network {
 public:
  // parse takes "192.0.2.0/24", "2001:db8::/32", or one address alone.
  // kInvalidArgument when the address or the prefix length is none, or bits are
  // set behind the prefix: such a text most likely means another range.
  static Result<Network> parse(std::string_view text);

  [[nodiscard]] bool contains(const Address& address) const;
  [[nodiscard]] bool contains(const Network& other) const;
  [[nodiscard]] std::string to_string() const;  // "192.0.2.0/24", always with its length

 private:
  Address address_{};
  unsigned prefix_ = 128;  // bits of the 128
};

// networks_of parses a list; kInvalidArgument names the one at fault ("addresses.2").
Result<std::vector<Network>> networks_of(std::span<const std::string> texts);

// within is true when every address of `inner` is one of `outer`; an empty list is everywhere.
bool within(std::span<const Network> inner, std::span<const Network> outer);

}  // namespace quantumapi::access
