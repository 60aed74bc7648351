// WholeFile: a file that is there whole or not at all.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "cli/outcome.h"

namespace quantumapi::cli {

// WholeFile writes beside its name (mode 0600) and takes the name in finish();
// what was not finished is removed.
class WholeFile {
 public:
  static Try<WholeFile> create(const std::string& path);
  WholeFile(WholeFile&& other) noexcept;
  WholeFile& operator=(WholeFile&&) = delete;
  ~WholeFile();

  [[nodiscard]] std::ostream& stream();
  Try<void> finish();

 private:
  class Out;  // a stream to the very file that was made: its name may be another's by now
  WholeFile(std::string path, std::string fresh, int descriptor);

  std::string path_;
  std::string fresh_;  // empty once finished
  std::unique_ptr<Out> out_;
};

}  // namespace quantumapi::cli
