// The name of this host.
#pragma once

#include <unistd.h>

#include <array>
#include <string>

namespace quantumapi::base {

// host_name is what this host calls itself; empty where it has no name.
inline std::string host_name() {
  std::array<char, 256> host{};
  return ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : std::string();
}

}  // namespace quantumapi::base
