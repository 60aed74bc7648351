// Progress: how far a long work is, on a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/io.h"

namespace quantumapi::cli {

// Progress rewrites one line of standard error, ten times a second at most, and
// takes it away at its end. Where standard error is no terminal it writes nothing.
class Progress {
 public:
  // `unit` is what is counted ("lines"); `total` how many octets there are to
  // read, where that is known.
  Progress(Io& io, std::string unit, std::optional<std::uint64_t> total = {});
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // show says that `count` are done and `octets` of the total are read.
  void show(std::uint64_t count, std::uint64_t octets = 0);

 private:
  Io& io_;
  std::string unit_;
  std::optional<std::uint64_t> total_;
  std::chrono::steady_clock::time_point next_{};
  std::size_t width_ = 0;  // of what stands on the terminal now
};

}  // namespace quantumapi::cli
