// Arguments: the command line with its one secret taken out.
#pragma once

#include <string>
#include <vector>

#include "quantumapi/secret_string.h"

namespace quantumapi::cli {

// kTaken stands where the value stood: what parses the rest never sees it.
inline constexpr const char* kTaken = "VALUE";

// Arguments are argv without the program's name. Where the command takes a
// VALUE or TEXT, that argument is moved to `value`, whatever it begins with
// ("-----BEGIN"), unless it is an option of the command itself.
struct Arguments {
  std::vector<std::string> rest;
  sdk::SecretString value;
  bool has_value = false;
};

// take_arguments also overwrites the value in argv, so that it stands in the
// process list for no longer than it must.
Arguments take_arguments(int argc, char** argv);

}  // namespace quantumapi::cli
