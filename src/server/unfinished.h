// Unfinished: what tells an init that was cut from one that is done.
#pragma once

#include <string>

#include "base/result.h"
#include "server/config.h"

namespace quantumapi::server {

// Unfinished is the file init.unfinished of the data directory. It stands from before the first
// tenant is made until its key is printed: while it does, nobody need have seen a key.
class Unfinished {
 public:
  explicit Unfinished(const Config& config);

  [[nodiscard]] bool stands() const;
  // begin and end are on disk when they return. kUnavailable names the file.
  [[nodiscard]] Status begin() const;
  [[nodiscard]] Status end() const;

 private:
  std::string path_;
};

// initialised_already is the kConflict of an init where another was finished.
std::unexpected<Error> initialised_already(const Config& config);

}  // namespace quantumapi::server
