// Unfinished: a file that goes when a signal ends the program.
#pragma once

#include <cstddef>
#include <string>

namespace quantumapi::cli {

// Unfinished removes the file at `path` when SIGINT, SIGTERM or SIGHUP ends the program while it
// lives, and lets the signal end it as before; one that is ignored or handled already stays so. A
// program has room for a few at once: of more, and of paths longer than the system takes, nothing
// is removed. From one thread at a time.
class Unfinished {
 public:
  explicit Unfinished(const std::string& path);
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished();

 private:
  std::size_t place_;  // in what the handler looks through; behind its end for none
};

}  // namespace quantumapi::cli
