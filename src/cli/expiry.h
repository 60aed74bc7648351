// Expiry: "90d" or a time, as people give it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cli/outcome.h"

namespace quantumapi::cli {

// expiry_of gives RFC 3339 of a time, or of so many days (d), hours (h),
// minutes (m) or seconds (s) after `now`. kUsage, naming `option`, otherwise or when it is past.
Try<std::string> expiry_of(std::string_view option, std::string_view text, WallTime now);

// moment_of is expiry_of for a time that may be past.
Try<std::string> moment_of(std::string_view option, std::string_view text, WallTime now);

// seconds_of reads "90d", "12h", "30m", "15s", or a number of seconds.
std::optional<std::int64_t> seconds_of(std::string_view text);

}  // namespace quantumapi::cli
