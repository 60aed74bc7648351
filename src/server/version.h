// What this build is.
#pragma once

#include <string_view>

namespace quantumapi::server {

std::string_view version();  // "0.1.0"
std::string_view commit();   // abbreviated commit of the source, or "unknown"
std::string_view build();    // compiler and build type

}  // namespace quantumapi::server
