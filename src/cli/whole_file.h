// WholeFile: a file that is there whole or not at all.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "cli/outcome.h"

namespace quantumapi::cli {

// WholeFile writes beside its name (mode 0600) and takes the name in finish();
// what was not finished is removed.
class WholeFile {
 public:
  static Try<WholeFile> create(const std::string& path);
  WholeFile(WholeFile&&) = default;
  WholeFile& operator=(WholeFile&&) = delete;
  ~WholeFile();

  [[nodiscard]] std::ostream& stream() { return *stream_; }
  Try<void> finish();

 private:
  WholeFile(std::string path, std::string fresh);

  std::string path_;
  std::string fresh_;  // empty once finished
  std::unique_ptr<std::ofstream> stream_;
};

}  // namespace quantumapi::cli
