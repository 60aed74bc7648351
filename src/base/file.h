// Files as a whole.
#pragma once

#include <string>

#include "base/result.h"

namespace quantumapi::base {

// read_file gives all octets of a file. kInvalidArgument "can't read PATH: WHY" where it is not
// there, may not be read, is a folder, or is longer than `limit` octets.
Result<std::string> read_file(const std::string& path, std::size_t limit = 16 * 1024 * 1024);

}  // namespace quantumapi::base
