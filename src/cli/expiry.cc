#include "cli/expiry.h"

#include <charconv>
#include <optional>

namespace quantumapi::cli {
namespace {

constexpr std::int64_t kLongest = std::int64_t{100} * 366 * 86'400;  // a century in seconds

std::optional<std::int64_t> unit_seconds(std::string_view unit) {
  if (unit == "s") return 1;
  if (unit == "m") return 60;
  if (unit == "h") return 3'600;
  if (unit == "d") return 86'400;
  return std::nullopt;
}

// lasting reads "90d"; a number alone only where `bare` is its unit.
std::optional<std::int64_t> lasting(std::string_view text, std::optional<std::int64_t> bare) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0) return std::nullopt;
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto unit = rest.empty() ? bare : unit_seconds(rest);
  if (!unit || count > kLongest / *unit) return std::nullopt;
  return count * *unit;
}

// looks_like_date keeps a bare number from being read as seconds since 1970.
bool looks_like_date(std::string_view text) { return text.size() >= 10 && text[4] == '-'; }

Try<WallTime> time_of(std::string_view option, std::string_view text, WallTime now) {
  if (const auto seconds = lasting(text, std::nullopt); seconds && *seconds > 0)
    return now + std::chrono::seconds(*seconds);
  const auto time = WallTime::parse(text);
  if (!time || !looks_like_date(text))
    return give_up(kUsage,
                   std::string(option) + " is 90d, 12h, 30m, or a time like 2027-01-31T00:00:00Z");
  return *time;
}

}  // namespace

std::optional<std::int64_t> seconds_of(std::string_view text) { return lasting(text, 1); }

Try<std::string> expiry_of(std::string_view option, std::string_view text, WallTime now) {
  TRY_ASSIGN(const WallTime time, time_of(option, text, now));
  if (time <= now)
    return give_up(kUsage, std::string(option) + " lies in the past; give a later time");
  return time.to_string();
}

Try<std::string> moment_of(std::string_view option, std::string_view text, WallTime now) {
  TRY_ASSIGN(const WallTime time, time_of(option, text, now));
  return time.to_string();
}

}  // namespace quantumapi::cli
