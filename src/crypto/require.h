// What may not fail: misuse by our own code, and AWS-LC running out of memory.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace quantumapi::crypto {

// require ends the process, naming `what`, unless `condition` holds. For
// functions that have no honest answer to give without their primitive.
inline void require(bool condition, const char* what) noexcept {
  if (condition) [[likely]]
    return;
  std::fprintf(stderr, "quantumapi: %s\n", what);
  std::abort();
}

}  // namespace quantumapi::crypto
