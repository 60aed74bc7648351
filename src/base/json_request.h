// Binding of request bodies: unknown members are ignored, misspelt ones are not.
#pragma once

#include <span>
#include <string>
#include <vector>

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

}  // namespace detail

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
