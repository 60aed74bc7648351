// ConfigFile: the options of quantumapid as a TOML file has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quantumapi::server {

// FileOption is one line of the file: `listen = ["127.0.0.1:8443"]`. The name is
// a flag's without the dashes in front ("io-threads"; "io_threads" is the same).
// A boolean's value is "true" or "false".
struct FileOption {
  std::string name;
  std::vector<std::string> values;
  std::string where;    // "FILE:LINE:COLUMN"
  std::string fault{};  // why the value is none that an option can have; empty: it is one
};

// read_config_file gives the options in the order of their names. The file is
// flat: strings, whole numbers, booleans and arrays of strings; anything else is the
// line's fault. kInvalidArgument, whose message begins with the place, for what is not TOML.
Result<std::vector<FileOption>> read_config_file(const std::string& path);

// parse_config_text is read_config_file of a text; `name` stands in the places.
Result<std::vector<FileOption>> parse_config_text(std::string_view text, const std::string& name);

}  // namespace quantumapi::server
