// Rules of what a secret may hold: limits whose errors name the field.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "vault/service.h"

namespace quantumapi::vault {

inline constexpr std::size_t kMaxDescription = 1000;  // characters
inline constexpr std::size_t kMaxContentType = 100;
inline constexpr std::size_t kMaxUsername = 255;
inline constexpr std::size_t kMaxLabels = 64;
inline constexpr std::size_t kMaxLabel = 255;          // characters of one label
inline constexpr std::size_t kMaxFields = 256 * 1024;  // octets of JSON text

// check_new holds a new secret against every limit. kInvalidArgument, or
// kTooLarge for value and fields, naming the field.
Status check_new(const NewSecret& secret, WallTime now);

// check_value: kTooLarge (field value) above kMaxValue octets.
Status check_value(std::string_view value);

// check_length: kInvalidArgument when `text` has more than `limit` characters.
Status check_length(std::string_view field, std::string_view text, std::size_t limit);

}  // namespace quantumapi::vault
