// JSON Schema (2020-12) of described structs, so that the API document is made
// from the very types that routes read and write.
#pragma once

#include "base/json.h"

namespace quantumapi::base::json {

// write_schema writes the schema of T. Described members become properties in
// camelCase; those that are not optional are listed as required.
template <typename T>
void write_schema(Writer& out) {
  auto leaf = [&](std::string_view type, std::string_view format = {}) {
    out.begin_object();
    out.key("type");
    out.string(type);
    if (!format.empty()) {
      out.key("format");
      out.string(format);
    }
    out.end_object();
  };
  if constexpr (detail::IsOptional<T>::value) {
    write_schema<typename T::value_type>(out);
  } else if constexpr (detail::IsVector<T>::value) {
    out.begin_object();
    out.key("type");
    out.string("array");
    out.key("items");
    write_schema<typename T::value_type>(out);
    out.end_object();
  } else if constexpr (detail::IsStringMap<T>::value) {
    out.raw(R"({"type":"object","additionalProperties":{"type":"string"}})");
  } else if constexpr (detail::IsId<T>::value || std::is_same_v<T, Uuid>) {
    leaf("string", "uuid");
  } else if constexpr (std::is_same_v<T, WallTime>) {
    leaf("string", "date-time");
  } else if constexpr (std::is_same_v<T, bool>) {
    leaf("boolean");
  } else if constexpr (std::is_integral_v<T>) {
    leaf("integer");
  } else if constexpr (std::is_floating_point_v<T>) {
    leaf("number");
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    leaf("string");
  } else if constexpr (detail::Described<T>) {
    using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
    out.begin_object();
    out.key("type");
    out.string("object");
    out.key("properties");
    out.begin_object();
    boost::mp11::mp_for_each<Members>([&](auto member) {
      out.key(camel(member.name));
      write_schema<std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>>(out);
    });
    out.end_object();
    out.key("required");
    out.begin_array();
    boost::mp11::mp_for_each<Members>([&](auto member) {
      using M = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
      if constexpr (!detail::IsOptional<M>::value) out.string(camel(member.name));
    });
    out.end_array();
    out.end_object();
  } else {
    out.raw("{}");  // any JSON value
  }
}

}  // namespace quantumapi::base::json
