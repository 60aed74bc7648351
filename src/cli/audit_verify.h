// qapi audit verify: an exported log held against a public key and against what was seen before.
#pragma once

#include <string>

#include "cli/context.h"

namespace quantumapi::cli {

struct VerifyOptions {
  std::string file;
  std::string key_file;
  std::string memory;            // empty: state_path("checkpoints.json")
  std::uint64_t from_index = 0;  // records before its group may be left out
};

// verify ends with 0 when every record is as signed, 1 when something is not,
// 3 when it could not be told.
Outcome verify(Context& context, const VerifyOptions& options);

}  // namespace quantumapi::cli
