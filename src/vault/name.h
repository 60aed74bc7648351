// Names of secrets: what is one, and how a list searches them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace quantumapi::vault {

// check_name: 1-255 characters of UTF-8 without control characters; "." and
// ".." would reach other paths in a URL. kInvalidArgument (field name) otherwise.
Status check_name(std::string_view name);

// fold_name gives the name as searched: simple lower case of Latin, Greek and
// Cyrillic letters (one character for one), everything else as it is.
std::string fold_name(std::string_view name);

// like_pattern is the LIKE pattern, escaped by '!', that finds the folded `text` anywhere.
std::string like_pattern(std::string_view text);

}  // namespace quantumapi::vault
