// Arguments: the command line with its one secret taken out.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/secret_string.h"

namespace quantumapi::cli {

// kTaken stands where the value stood: what parses the rest never sees it.
inline constexpr const char* kTaken = "VALUE";

// Alias is a second word for a group of commands. The parser has no others (add_group in
// cli/group.h), so that a value is found under whichever is used.
struct Alias {
  std::string_view word;
  std::string_view group;
};
inline constexpr std::array kAliases{Alias{"log-streams", "streams"}};

// Arguments are argv without the program's name. Where the command takes a
// VALUE or TEXT, that argument is moved to `value`, whatever it begins with
// ("-----BEGIN"), unless it is an option of the command itself or, without --
// before it, spelled like one: the parser refuses that.
struct Arguments {
  std::vector<std::string> rest;
  std::optional<sdk::SecretString> value;
};

// is_option_name is true for what may be meant as an option, as -x and --allow-empty. A text that
// begins with dashes, a key in PEM say, is none.
bool is_option_name(std::string_view word);

// take_arguments also overwrites the value in argv, so that it stands in the
// process list for no longer than it must.
Arguments take_arguments(int argc, char** argv);

}  // namespace quantumapi::cli
