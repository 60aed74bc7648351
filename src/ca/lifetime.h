// Lifetimes of certificates as people write them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quantumapi::ca {

// parse_lifetime reads "24h", "90m", "300s", "7d" and their sums, as "1h30m": whole numbers,
// each unit once, the largest first. kInvalidArgument naming `field` for anything else, zero,
// and more than 100 years.
Result<std::chrono::seconds> parse_lifetime(std::string_view field, std::string_view text);

// kLifetimeFact is what the API's document says of one.
inline constexpr std::string_view kLifetimeFact =
    R"("minLength":2,"pattern":"^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$")";

// lifetime_text is the shortest such text: "24h", "5m", "90s".
std::string lifetime_text(std::chrono::seconds lifetime);

}  // namespace quantumapi::ca
