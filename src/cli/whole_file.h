// WholeFile: a file that is there whole or not at all.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "cli/outcome.h"
#include "cli/unfinished.h"

namespace quantumapi::cli {

// Readers are who may read a file.
enum class Readers {
  kOwner,  // mode 0600
  kAll,    // 0644, less what the umask takes away: for what is public
};

// WholeFile writes beside its name and takes the name in finish(); what was not finished is
// removed, also when a signal ends the program (cli/unfinished.h).
class WholeFile {
 public:
  static Try<WholeFile> create(const std::string& path, Readers readers = Readers::kOwner);
  WholeFile(WholeFile&& other) noexcept;
  WholeFile& operator=(WholeFile&&) = delete;
  ~WholeFile();

  [[nodiscard]] std::ostream& stream();
  // settle ends the writing: what was written is on the disk, beside the name. kFailed where it
  // could not be written, as on a full disk.
  Try<void> settle();
  // take_name puts what is settled in the place of a file that is there: a crash leaves one of the
  // two whole.
  Try<void> take_name();
  // finish is both.
  Try<void> finish();

 private:
  class Out;  // a stream to the very file that was made: its name may be another's by now
  WholeFile(std::string path, std::string fresh, int descriptor);

  std::string path_;
  std::string fresh_;  // empty once finished
  std::unique_ptr<Out> out_;
  std::unique_ptr<Unfinished> unfinished_;
};

}  // namespace quantumapi::cli
