#include "ca/lifetime.h"

#include <array>
#include <charconv>
#include <utility>

namespace quantumapi::ca {
namespace {

using std::chrono::seconds;

constexpr std::array<std::pair<char, std::int64_t>, 4> kUnits{
    {{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};
constexpr std::int64_t kLongest = std::int64_t{100} * 366 * 86'400;

// take reads one number and unit from the front; a unit left of `next` was there before.
bool take(std::string_view& text, std::size_t& next, std::int64_t& total) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || number > kLongest) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return false;
  while (next < kUnits.size() && kUnits[next].first != text.front()) ++next;
  if (next == kUnits.size()) return false;
  text.remove_prefix(1);
  total += number * kUnits[next++].second;
  return total <= kLongest;
}

}  // namespace

Result<seconds> parse_lifetime(std::string_view field, std::string_view text) {
  std::int64_t total = 0;
  std::size_t next = 0;
  bool good = !text.empty();
  while (good && !text.empty()) good = take(text, next, total);
  if (!good || total == 0)
    return fail_field(std::string(field), "is a time like 24h, 90m or 1h30m (d, h, m, s)");
  return seconds(total);
}

std::string lifetime_text(seconds lifetime) {
  // A day is written 24h: what it means does not depend on a calendar.
  std::int64_t left = lifetime.count();
  std::string text;
  for (const auto& [unit, size] : kUnits) {
    if (unit == 'd' || left / size == 0) continue;
    text += std::to_string(left / size) + unit;
    left %= size;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace quantumapi::ca
