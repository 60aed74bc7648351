// Endpoint: an address to listen at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quantumapi::server {

// Endpoint is HOST:PORT; IPv6 hosts stand in brackets.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;  // 0: any free one

  static Result<Endpoint> parse(std::string_view text);
  // is_public tells an address that others than this host reach; names are resolved when bound.
  [[nodiscard]] bool is_public() const;
  // meets is whether the second of both to be bound would find its address taken. Names of hosts
  // are not resolved.
  [[nodiscard]] bool meets(const Endpoint& other) const;
};

}  // namespace quantumapi::server
