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

std::optional<WallTime> after(std::string_view text, WallTime now) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count <= 0) return std::nullopt;
  const auto unit = unit_seconds(text.substr(static_cast<std::size_t>(end - text.data())));
  if (!unit || count > kLongest / *unit) return std::nullopt;
  return now + std::chrono::seconds(count * *unit);
}

// looks_like_date keeps a bare number from being read as seconds since 1970.
bool looks_like_date(std::string_view text) { return text.size() >= 10 && text[4] == '-'; }

}  // namespace

Try<std::string> expiry_of(std::string_view text, WallTime now) {
  if (const auto time = after(text, now)) return time->to_string();
  const auto time = WallTime::parse(text);
  if (!time || !looks_like_date(text))
    return give_up(kUsage, "an end is 90d, 12h, 30m, or a time like 2027-01-31T00:00:00Z");
  if (*time <= now) return give_up(kUsage, "the end lies in the past; give a later one");
  return time->to_string();
}

}  // namespace quantumapi::cli
