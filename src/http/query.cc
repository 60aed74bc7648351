#include <algorithm>
#include <charconv>

#include "http/message.h"

namespace quantumapi::http {
namespace {

// More would make the look for repeated names a way to spend our time.
constexpr std::size_t kMaxParameters = 64;

// A '+' stands for a space in a query (application/x-www-form-urlencoded).
Result<std::string> decode_part(std::string_view part) {
  if (part.find('+') == std::string_view::npos) return percent_decode(part);
  std::string spaced(part);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

std::unexpected<Error> bad_parameter(std::string_view name, std::string_view message) {
  return fail_field(std::string(name), std::string(message));
}

}  // namespace

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    TRY_ASSIGN(const std::string sent_name, decode_part(part.substr(0, equals)));
    TRY_ASSIGN(std::string value, decode_part(part.substr(std::min(equals + 1, part.size()))));
    std::string name = json::fold(sent_name);
    if (const auto before = query.text(name)) {
      if (*before == value) continue;
      return bad_parameter(sent_name, "is given twice with different values");
    }
    if (query.entries_.size() == kMaxParameters)
      return fail(Code::kInvalidArgument, "the query has too many parameters");
    query.entries_.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

std::optional<std::string_view> Query::text(std::string_view folded) const {
  for (const auto& [name, value] : entries_)
    if (name == folded) return value;
  return std::nullopt;
}

Result<std::int64_t> Query::integer(std::string_view name, std::int64_t absent, std::int64_t low,
                                    std::int64_t high) const {
  const auto value = text(json::fold(name));
  if (!value) return absent;
  std::int64_t number = 0;
  const char* end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, number);
  if (error == std::errc::invalid_argument || stop != end)
    return bad_parameter(name, "must be a whole number");
  if (error == std::errc::result_out_of_range || number < low || number > high)
    return bad_parameter(name,
                         "must be from " + std::to_string(low) + " to " + std::to_string(high));
  return number;
}

Result<bool> Query::boolean(std::string_view name, bool absent) const {
  const auto value = text(json::fold(name));
  if (!value) return absent;
  const std::string folded = json::fold(*value);
  if (folded == "true" || folded == "1") return true;
  if (folded == "false" || folded == "0") return false;
  return bad_parameter(name, "must be true or false");
}

Result<std::optional<WallTime>> Query::time(std::string_view name) const {
  const auto value = text(json::fold(name));
  if (!value) return std::optional<WallTime>();
  const auto time = WallTime::parse(*value);
  if (!time) return bad_parameter(name, "must be a time of RFC 3339 or Unix seconds");
  return std::optional<WallTime>(*time);
}

}  // namespace quantumapi::http
