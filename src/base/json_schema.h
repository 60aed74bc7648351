// JSON Schema (2020-12) of described structs, so that the API document is made
// from the very types that routes read and write.
#pragma once

#include <array>

#include "base/json.h"

namespace quantumapi::base::json {

// Side is which way a value goes: a member that a request may leave out may be
// null in it too; an answer leaves it out.
enum class Side : std::uint8_t { kRequest, kReply };

// Fact is what a member's type does not say: keywords to add to its schema
// ("\"maxLength\":100"), or the whole schema where it begins with '{'.
//
//   constexpr auto schema_facts(const CreateKeyRequest*) {
//     return std::to_array<json::Fact>({{"name", R"("minLength":1,"maxLength":100)"}});
//   }
//
// stands behind the struct, in its namespace. A fact that names no member does not compile.
struct Fact {
  std::string_view member;  // as in the struct: "key_type"
  std::string_view schema;
};

// Lenient stands in a schema for a T whose faults do not refuse the request: an item
// of a batch, which fails alone.
template <typename T>
struct Lenient {};

namespace detail {

template <typename T>
struct IsLenient : std::false_type {};
template <typename T>
struct IsLenient<Lenient<T>> : std::true_type {
  using Item = T;
};

template <typename T>
concept HasFacts = requires { schema_facts(static_cast<const T*>(nullptr)); };

template <typename T>
constexpr std::string_view fact_of(std::string_view member) {
  if constexpr (HasFacts<T>)
    for (const Fact& fact : schema_facts(static_cast<const T*>(nullptr)))
      if (fact.member == member) return fact.schema;
  return {};
}

template <typename T>
consteval bool facts_name_members() {
  bool all = true;
  if constexpr (HasFacts<T>) {
    for (const Fact& fact : schema_facts(static_cast<const T*>(nullptr))) {
      bool found = false;
      boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
          [&](auto member) { found = found || fact.member == member.name; });
      all = all && found;
    }
  }
  return all;
}

inline void write_leaf(Writer& out, std::string_view type, std::string_view format,
                       std::string_view fact) {
  out.begin_object();
  out.key("type");
  out.string(type);
  if (!format.empty()) {
    out.key("format");
    out.string(format);
  }
  if (!fact.empty()) out.raw(fact);
  out.end_object();
}

}  // namespace detail

template <typename T>
void write_schema(Writer& out, Side side, std::string_view fact = {});

namespace detail {

template <typename T>
void write_object_schema(Writer& out, Side side) {
  static_assert(facts_name_members<T>(), "a fact of the schema names no member");
  using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
  out.begin_object();
  out.key("type");
  out.string("object");
  out.key("properties");
  out.begin_object();
  boost::mp11::mp_for_each<Members>([&](auto member) {
    out.key(camel(member.name));
    using M = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
    write_schema<M>(out, side, fact_of<T>(member.name));
  });
  out.end_object();
  out.key("required");
  out.begin_array();
  boost::mp11::mp_for_each<Members>([&](auto member) {
    using M = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
    if constexpr (!IsOptional<M>::value) out.string(camel(member.name));
  });
  out.end_array();
  out.end_object();
}

template <typename T>
void write_optional_schema(Writer& out, Side side, std::string_view fact) {
  if (side == Side::kReply) return write_schema<T>(out, side, fact);
  out.begin_object();
  out.key("anyOf");
  out.begin_array();
  write_schema<T>(out, side, fact);
  out.raw(R"({"type":"null"})");
  out.end_array();
  out.end_object();
}

template <typename T>
void write_lenient_schema(Writer& out, Side side) {
  out.begin_object();
  out.key("description");
  out.string("Anything else fails alone, in its place of the answer");
  out.key("anyOf");
  out.begin_array();
  write_schema<T>(out, side);
  out.raw("{}");
  out.end_array();
  out.end_object();
}

template <typename T>
void write_array_schema(Writer& out, Side side, std::string_view fact) {
  out.begin_object();
  out.key("type");
  out.string("array");
  out.key("items");
  write_schema<T>(out, side);
  if (!fact.empty()) out.raw(fact);
  out.end_object();
}

}  // namespace detail

// write_schema writes the schema of T. Described members become properties in
// camelCase; those that are not optional are listed as required.
template <typename T>
void write_schema(Writer& out, Side side, std::string_view fact) {
  if constexpr (detail::IsOptional<T>::value) {
    detail::write_optional_schema<typename T::value_type>(out, side, fact);
  } else if (fact.starts_with('{')) {
    out.raw(fact);
  } else if constexpr (detail::IsVector<T>::value) {
    detail::write_array_schema<typename T::value_type>(out, side, fact);
  } else if constexpr (detail::IsStringMap<T>::value) {
    out.raw(R"({"type":"object","additionalProperties":{"type":"string"}})");
  } else if constexpr (detail::IsId<T>::value || std::is_same_v<T, Uuid>) {
    detail::write_leaf(out, "string", "uuid", fact);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    // A caller may leave the zone out, or give seconds since 1970 (clock.h).
    out.raw(side == Side::kRequest ? R"({"type":["string","number"],"format":"date-time"})"
                                   : R"({"type":"string","format":"date-time"})");
  } else if constexpr (std::is_same_v<T, bool>) {
    detail::write_leaf(out, "boolean", {}, fact);
  } else if constexpr (std::is_integral_v<T>) {
    detail::write_leaf(out, "integer", "int64", fact);
  } else if constexpr (std::is_floating_point_v<T>) {
    detail::write_leaf(out, "number", "double", fact);
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    detail::write_leaf(out, "string", {}, fact);
  } else if constexpr (detail::IsLenient<T>::value) {
    detail::write_lenient_schema<typename detail::IsLenient<T>::Item>(out, side);
  } else if constexpr (detail::Described<T>) {
    detail::write_object_schema<T>(out, side);
  } else {
    out.raw("{}");  // any JSON value
  }
}

}  // namespace quantumapi::base::json
