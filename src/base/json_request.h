// Request bodies. Bound, unknown members are ignored, misspelt ones are not; written, text that
// is not UTF-8 is refused.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"

namespace quantumapi::base::json {

// check_names refuses a member of `object` that none of `known` (folded names) is, where
// it is one letter away from one of them or another word for it ("aad" for
// additionalData, "ttl" for expiresAt). Ignored, it would leave out what the caller
// asked for: a bound that does not hold, data that is not authenticated.
// kInvalidArgument naming the field and what may be meant. `names` are those to show.
Status check_names(const Value& object, const std::string& path, std::span<const std::string> known,
                   std::span<const std::string> names);

namespace detail {

template <typename T>
struct Names {
  std::vector<std::string> folded;
  std::vector<std::string> shown;
  Names() {
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [this](auto member) {
          folded.push_back(fold(member.name));
          shown.push_back(camel(member.name));
        });
  }
};

template <typename T>
Status check_all_names(const Value& in, const std::string& path) {
  if constexpr (IsOptional<T>::value) {
    return check_all_names<typename T::value_type>(in, path);
  } else if constexpr (IsVector<T>::value) {
    if constexpr (Described<typename T::value_type> && !IsId<typename T::value_type>::value)
      for (std::size_t i = 0; i < in.items.size(); ++i)
        TRY(check_all_names<typename T::value_type>(in.items[i], join(path, std::to_string(i))));
    return {};
  } else if constexpr (Described<T> && !IsId<T>::value) {
    static const Names<T> names;
    TRY(check_names(in, path, names.folded, names.shown));
    Status status;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          using M = std::remove_reference_t<decltype(std::declval<T&>().*member.pointer)>;
          static const std::string folded = fold(member.name);
          const Value* const found = status ? in.find(folded) : nullptr;
          if (found != nullptr) status = check_all_names<M>(*found, join(path, camel(member.name)));
        });
    return status;
  } else {
    return {};
  }
}

// name_damage names the first text in `value` that is not UTF-8.
template <typename T>
Status name_damage(const T& value, const std::string& path) {
  if constexpr (IsOptional<T>::value) {
    return value ? name_damage(*value, path) : Status();
  } else if constexpr (IsVector<T>::value) {
    for (std::size_t i = 0; i < value.size(); ++i)
      TRY(name_damage(value[i], join(path, std::to_string(i))));
    return {};
  } else if constexpr (IsStringMap<T>::value) {
    for (const auto& [name, text] : value)
      if (!is_utf8(name) || !is_utf8(text)) return fail_field(path, "is not UTF-8 text");
    return {};
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    if (is_utf8(value)) return {};
    return fail_field(path, "is not UTF-8 text");
  } else if constexpr (Described<T> && !IsId<T>::value) {
    Status status;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          if (status) status = name_damage(value.*member.pointer, join(path, camel(member.name)));
        });
    return status;
  } else {
    return {};
  }
}

}  // namespace detail

// encode_request is encode for what goes to another program: text that is not UTF-8 is
// kInvalidArgument with the field's name as the wire has it ("items.3.plaintext"). Replaced as in
// an answer, it would be other data, and one text for many.
template <typename T>
Status encode_request(Writer& out, const T& value) {
  encode(out, value);
  if (out.is_whole()) return {};
  TRY(detail::name_damage(value, std::string()));
  return fail(Code::kInvalidArgument, "the request holds text that is not UTF-8");
}

// check_item_names does for an item that was left unbound what decode_request does for a body.
template <typename Item>
Status check_item_names(const Value& item) {
  return detail::check_all_names<Item>(item, std::string());
}

// decode_request is decode for what a caller sent: misspelt members are refused.
template <typename T>
Result<T> decode_request(std::string_view text, std::pmr::memory_resource& arena) {
  TRY_ASSIGN(const Value value, parse(text, arena));
  T out{};
  TRY(detail::read_any(value, std::string(), out));
  TRY(detail::check_all_names<T>(value, std::string()));
  return out;
}

}  // namespace quantumapi::base::json
