// From parsed values to the scalars of plain structs.
#include <cmath>
#include <limits>

#include "base/json.h"

namespace quantumapi::base::json {

std::string fold(std::string_view name) {
  std::string folded;
  folded.reserve(name.size());
  for (const char c : name)
    if (c != '_') folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folded;
}

std::string camel(std::string_view snake) {
  std::string name;
  name.reserve(snake.size());
  bool upper = false;
  for (const char c : snake) {
    if (c == '_') {
      upper = !name.empty();
      continue;
    }
    name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return name;
}

const Member* Value::find_member(std::string_view wanted) const noexcept {
  for (const Member& member : members)
    if (member.folded == wanted) return &member;
  return nullptr;
}

const Value* Value::find(std::string_view wanted) const noexcept {
  const Member* const member = find_member(wanted);
  return member == nullptr ? nullptr : &member->value;
}

namespace detail {
namespace {

constexpr std::int64_t kMicros = 1'000'000;

// named puts the path in front of an error of a text's own parser.
std::unexpected<Error> named(const std::string& path, Error error) {
  if (path.empty()) return std::unexpected(std::move(error));
  return fail_field(path, std::move(error.message));
}

Result<WallTime> time_of(const Value& in) {
  if (in.kind == Value::Kind::kString) return WallTime::parse(in.text);
  if (in.kind == Value::Kind::kInt) return WallTime::from_epoch(in.integer);
  constexpr double kLimit = 1e12;  // past year 9999, and safe to convert
  if (!(std::abs(in.number) < kLimit)) return WallTime::from_epoch(INT64_MAX);
  const double whole = std::floor(in.number);
  TRY_ASSIGN(const WallTime second, WallTime::from_epoch(static_cast<std::int64_t>(whole)));
  const auto micros = std::llround((in.number - whole) * static_cast<double>(kMicros));
  return WallTime{second.micros + micros};
}

}  // namespace

std::string excerpt(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  if (name.size() <= kLongest) return std::string(name);
  std::size_t end = kLongest;
  while ((name[end] & 0xC0) == 0x80) --end;  // not inside a character
  return std::string(name.substr(0, end)) + "...";
}

std::unexpected<Error> wrong_type(const std::string& path, std::string_view expected) {
  std::string message = "must be ";
  message += expected;
  if (path.empty()) return fail(Code::kInvalidArgument, "the body " + message);
  return fail_field(path, std::move(message));
}

std::string join(const std::string& path, std::string_view name) {
  std::string joined;
  joined.reserve(path.size() + 1 + name.size());
  joined = path;
  if (!joined.empty()) joined += '.';
  joined += name;
  return joined;
}

Status read(const Value& in, const std::string& path, std::string_view& out) {
  if (in.kind != Value::Kind::kString) return wrong_type(path, "a string");
  out = in.text;
  return {};
}

Status read(const Value& in, const std::string& path, std::string& out) {
  if (in.kind != Value::Kind::kString) return wrong_type(path, "a string");
  out = in.text;
  return {};
}

Status read(const Value& in, const std::string& path, bool& out) {
  if (in.kind != Value::Kind::kBool) return wrong_type(path, "true or false");
  out = in.boolean;
  return {};
}

Status read(const Value& in, const std::string& path, std::int64_t& out) {
  if (in.kind != Value::Kind::kInt) return wrong_type(path, "an integer");
  out = in.integer;
  return {};
}

Status read(const Value& in, const std::string& path, int& out) {
  std::int64_t wide = 0;
  TRY(read(in, path, wide));
  if (!std::in_range<int>(wide))
    return wrong_type(path, "an integer between -2147483648 and 2147483647");
  out = static_cast<int>(wide);
  return {};
}

Status read(const Value& in, const std::string& path, double& out) {
  if (in.kind == Value::Kind::kInt)
    out = static_cast<double>(in.integer);
  else if (in.kind == Value::Kind::kDouble)
    out = in.number;
  else
    return wrong_type(path, "a number");
  return {};
}

Status read(const Value& in, const std::string& path, WallTime& out) {
  if (in.kind != Value::Kind::kString && in.kind != Value::Kind::kInt &&
      in.kind != Value::Kind::kDouble)
    return wrong_type(path, "a time");
  auto time = time_of(in);
  if (!time) return named(path, std::move(time).error());
  out = *time;
  return {};
}

Status read(const Value& in, const std::string& path, Uuid& out) {
  if (in.kind != Value::Kind::kString) return wrong_type(path, "a UUID");
  auto id = Uuid::parse(in.text);
  if (!id) return named(path, std::move(id).error());
  out = *id;
  return {};
}

Status read(const Value& in, const std::string&, Value& out) {
  out = in;
  return {};
}

Status read(const Value& in, const std::string& path, std::map<std::string, std::string>& out) {
  if (in.kind != Value::Kind::kObject) return wrong_type(path, "an object of strings");
  for (const Member& member : in.members) {
    if (member.value.kind != Value::Kind::kString)
      return wrong_type(join(path, excerpt(member.name)), "a string");
    out.insert_or_assign(std::string(member.name), std::string(member.value.text));
  }
  return {};
}

}  // namespace detail
}  // namespace quantumapi::base::json
