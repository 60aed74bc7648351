// JSON in and out of plain structs: strict parsing into an arena, binding by
// Boost.Describe with folded names and errors that name the field, and writing.
//
//   struct EncryptRequest {
//     std::string_view plaintext;
//     std::optional<std::string_view> encoding;
//   };
//   BOOST_DESCRIBE_STRUCT(EncryptRequest, (), (plaintext, encoding))
//   TRY_ASSIGN(const auto request, json::decode<EncryptRequest>(body, arena));
//
// Members are named in snake_case. On the wire a name is matched lower-cased
// and without '_', and written in camelCase (or both, see Naming).
#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace quantumapi::base::json {

inline constexpr std::size_t kMaxDepth = 32;
// A parsed value takes about thirty times the room of its shortest text, so
// their number is bounded too: ten times what a batch of 1,000 items needs.
inline constexpr std::size_t kMaxValues = 100'000;

struct Member;

// Value is one parsed JSON value. It and all it refers to live in the arena it
// was parsed into. Strings are unescaped. Members keep the order of the text; a
// name that appears twice with one value is kept once, with different values it
// was refused by parse.
struct Value {
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kDouble, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string_view text;
  std::span<const Value> items;
  std::span<const Member> members;

  // find_member gives the first member whose folded name is `folded` (lower
  // case, no '_'), or nullptr; find gives its value.
  [[nodiscard]] const Member* find_member(std::string_view folded) const noexcept;
  [[nodiscard]] const Value* find(std::string_view folded) const noexcept;
};

// Member is one name and value. In a map the names are data and stay apart
// however they fold; where they are a struct's members, two spellings of one
// name with different values leave open which is meant: both are marked
// ambiguous, and binding refuses them.
struct Member {
  std::string_view name;    // as sent
  std::string_view folded;  // lower case without '_'
  Value value;
  bool ambiguous = false;
};

// parse reads exactly one JSON text (RFC 8259): UTF-8 checked, depth up to
// kMaxDepth, no comments, no trailing commas, integers beyond int64 refused.
// An empty text is an empty object, as the published clients send none.
// kInvalidArgument with the octet offset in the message otherwise; kTooLarge
// past `max_values`.
Result<Value> parse(std::string_view text, std::pmr::memory_resource& arena,
                    std::size_t max_values = kMaxValues);

// write_value writes a parsed value again, e.g. the text form of custom fields.
class Writer;
void write_value(Writer& out, const Value& value);

// fold gives the name as matched: ASCII lower case, '_' removed.
std::string fold(std::string_view name);
// camel gives the name as written: additional_data -> additionalData.
std::string camel(std::string_view snake);

// Naming is which spellings of a multi-word member an answer carries.
enum class Naming : std::uint8_t { kCamel, kCamelAndSnake };

// Writer appends JSON text to a string of the caller, placing commas itself.
class Writer {
 public:
  explicit Writer(std::pmr::string& out, Naming naming = Naming::kCamel)
      : out_(out), naming_(naming) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  // key writes a member name that needs no escaping.
  void key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    fresh_ = true;
  }
  // escaped_key writes a member name that is data, such as a label.
  void escaped_key(std::string_view name);
  void string(std::string_view text);  // escapes what RFC 8259 demands, nothing more
  // plain_string writes text that is known to need no escaping, such as base64.
  void plain_string(std::string_view text) {
    separate();
    out_ += '"';
    out_ += text;
    out_ += '"';
  }
  void integer(std::int64_t value);
  void number(double value);
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  // raw appends text that is already JSON.
  void raw(std::string_view json) {
    separate();
    out_ += json;
  }
  [[nodiscard]] Naming naming() const { return naming_; }
  // is_whole is false once U+FFFD stands for text that is not UTF-8.
  [[nodiscard]] bool is_whole() const { return whole_; }

 private:
  void separate() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  void open(char c) {
    separate();
    out_ += c;
    fresh_ = true;
  }
  void close(char c) {
    out_ += c;
    fresh_ = false;
  }

  std::pmr::string& out_;
  Naming naming_;
  bool fresh_ = true;
  bool whole_ = true;
};

// Raw is JSON text stored or passed on as it is.
struct Raw {
  std::string text;
};

// PlainText is a view of text that needs no escaping: long base64 is written
// without a look at each character.
struct PlainText {
  std::string_view text;
  operator std::string_view() const { return text; }
};

namespace detail {

template <typename T>
concept Described = boost::describe::has_describe_members<T>::value && std::is_class_v<T>;

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};
template <typename T>
struct IsId : std::false_type {};
template <typename Tag>
struct IsId<Id<Tag>> : std::true_type {};
template <typename T>
struct IsStringMap : std::false_type {};
template <>
struct IsStringMap<std::map<std::string, std::string>> : std::true_type {};

// excerpt gives a name of the caller's as far as an error should repeat it: 64
// octets at most.
std::string excerpt(std::string_view name);

// wrong_type names the field and the kind that was expected.
std::unexpected<Error> wrong_type(const std::string& path, std::string_view expected);

Status read(const Value& in, const std::string& path, std::string_view& out);
Status read(const Value& in, const std::string& path, std::string& out);
Status read(const Value& in, const std::string& path, bool& out);
Status read(const Value& in, const std::string& path, std::int64_t& out);
Status read(const Value& in, const std::string& path, int& out);
Status read(const Value& in, const std::string& path, double& out);
Status read(const Value& in, const std::string& path, WallTime& out);
Status read(const Value& in, const std::string& path, Uuid& out);
Status read(const Value& in, const std::string& path, Value& out);
Status read(const Value& in, const std::string& path, std::map<std::string, std::string>& out);

std::string join(const std::string& path, std::string_view name);

template <typename T>
Status read_any(const Value& in, const std::string& path, T& out);

template <Described T>
Status read_object(const Value& in, const std::string& path, T& out) {
  if (in.kind != Value::Kind::kObject) return wrong_type(path, "an object");
  Status status;
  boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
      [&](auto member) {
        if (!status) return;
        using M = std::remove_reference_t<decltype(out.*member.pointer)>;
        static const std::string folded = fold(member.name);
        static const std::string name = camel(member.name);
        const Member* sent = in.find_member(folded);
        if (sent != nullptr && sent->ambiguous) {
          status = fail_field(join(path, name), "is given twice with different values");
          return;
        }
        const Value* found = sent == nullptr ? nullptr : &sent->value;
        const bool absent = found == nullptr || found->kind == Value::Kind::kNull;
        if constexpr (IsOptional<M>::value) {
          if (absent) return;
          status = read_any(*found, join(path, name), (out.*member.pointer).emplace());
        } else {
          if (absent) {
            status = fail_field(join(path, name), "is required");
            return;
          }
          status = read_any(*found, join(path, name), out.*member.pointer);
        }
      });
  return status;
}

template <typename T>
Status read_any(const Value& in, const std::string& path, T& out) {
  if constexpr (IsVector<T>::value) {
    if (in.kind != Value::Kind::kArray) return wrong_type(path, "an array");
    out.reserve(in.items.size());
    for (std::size_t i = 0; i < in.items.size(); ++i)
      TRY(read_any(in.items[i], join(path, std::to_string(i)), out.emplace_back()));
    return {};
  } else if constexpr (IsId<T>::value) {
    return read(in, path, out.uuid);
  } else if constexpr (Described<T>) {
    return read_object(in, path, out);
  } else {
    return read(in, path, out);
  }
}

inline void write(Writer& out, std::string_view v) { out.string(v); }
inline void write(Writer& out, PlainText v) { out.plain_string(v.text); }
inline void write(Writer& out, const char* v) { out.string(v); }
inline void write(Writer& out, bool v) { out.boolean(v); }
inline void write(Writer& out, int v) { out.integer(v); }
inline void write(Writer& out, std::int64_t v) { out.integer(v); }
inline void write(Writer& out, double v) { out.number(v); }
// write_fixed is for what writes its text to an array and needs no escaping.
template <typename T>
void write_fixed(Writer& out, const T& v) {
  char text[T::kTextSize];
  out.plain_string({text, v.write_to(text)});
}
inline void write(Writer& out, WallTime v) { write_fixed(out, v); }
inline void write(Writer& out, const Uuid& v) { write_fixed(out, v); }
inline void write(Writer& out, const Raw& v) { out.raw(v.text); }
inline void write(Writer& out, const Value& v) { write_value(out, v); }
void write(Writer& out, const std::map<std::string, std::string>& v);

}  // namespace detail

// encode writes any value: a described struct member by member (an absent
// optional is omitted, never null), vectors, maps, ids, times and scalars.
template <typename T>
void encode(Writer& out, const T& value) {
  if constexpr (detail::IsVector<T>::value) {
    out.begin_array();
    for (const auto& item : value) encode(out, item);
    out.end_array();
  } else if constexpr (detail::IsId<T>::value) {
    detail::write(out, value.uuid);
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::pmr::string>) {
    out.string(value);
  } else if constexpr (detail::Described<T>) {
    out.begin_object();
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          static const std::string name = camel(member.name);
          const auto& field = value.*member.pointer;
          auto put = [&](const auto& v) {
            out.key(name);
            encode(out, v);
            if (out.naming() == Naming::kCamelAndSnake && name != member.name) {
              out.key(member.name);
              encode(out, v);
            }
          };
          if constexpr (detail::IsOptional<std::remove_cvref_t<decltype(field)>>::value) {
            if (field) put(*field);
          } else {
            put(field);
          }
        });
    out.end_object();
  } else {
    detail::write(out, value);
  }
}

// decode parses `text` and binds it to T. Unknown members are ignored; a
// missing or null member that is not optional, or one of the wrong type, is
// kInvalidArgument with the field's name. std::string_view members point into
// `arena`.
template <typename T>
Result<T> decode(std::string_view text, std::pmr::memory_resource& arena) {
  TRY_ASSIGN(const Value value, parse(text, arena));
  T out{};
  TRY(detail::read_any(value, std::string(), out));
  return out;
}

// to_text writes a value to a string of its own: for what is not secret.
template <typename T>
std::string to_text(const T& value, Naming naming = Naming::kCamel) {
  std::pmr::string text;
  Writer writer(text, naming);
  encode(writer, value);
  return std::string(text);
}

}  // namespace quantumapi::base::json

namespace quantumapi {
namespace json = base::json;
}
