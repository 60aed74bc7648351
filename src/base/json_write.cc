#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/json_escape.h"

namespace quantumapi::base::json {
namespace {

template <typename Number>
void append_number(std::pmr::string& out, Number value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, static_cast<std::size_t>(end - text));
}

}  // namespace

void Writer::string(std::string_view text) {
  separate();
  if (!detail::append_string(out_, text)) whole_ = false;
}

void Writer::integer(std::int64_t value) {
  separate();
  append_number(out_, value);
}

void Writer::number(double value) {
  if (!std::isfinite(value)) return null();  // JSON has no other word for it
  separate();
  const std::size_t start = out_.size();
  append_number(out_, value);
  // A large whole number without a point would read back as an integer out of
  // range.
  if (out_.find_first_of(".e", start) == std::pmr::string::npos) out_ += ".0";
}

void write_value(Writer& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return out.null();
    case Value::Kind::kBool:
      return out.boolean(value.boolean);
    case Value::Kind::kInt:
      return out.integer(value.integer);
    case Value::Kind::kDouble:
      return out.number(value.number);
    case Value::Kind::kString:
      return out.string(value.text);
    case Value::Kind::kArray:
      out.begin_array();
      for (const Value& item : value.items) write_value(out, item);
      return out.end_array();
    case Value::Kind::kObject:
      out.begin_object();
      for (const Member& member : value.members) {
        out.escaped_key(member.name);
        write_value(out, member.value);
      }
      return out.end_object();
  }
}

void Writer::escaped_key(std::string_view name) {
  separate();
  if (!detail::append_string(out_, name)) whole_ = false;
  out_ += ':';
  fresh_ = true;
}

namespace detail {

void write(Writer& out, const std::map<std::string, std::string>& v) {
  out.begin_object();
  for (const auto& [name, text] : v) {
    out.escaped_key(name);
    out.string(text);
  }
  out.end_object();
}

}  // namespace detail

}  // namespace quantumapi::base::json
