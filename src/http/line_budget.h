// LineBudget: how much of the log strangers may fill.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

namespace quantumapi::http {

// LineBudget allows so many lines in each second. One thread at a time.
class LineBudget {
 public:
  explicit LineBudget(int lines) : lines_(lines) {}
  // take gives how many lines were left out since the last one, nullopt when this one is to be.
  std::optional<std::int64_t> take(std::int64_t second) {
    if (std::exchange(second_, second) != second) used_ = 0;
    if (used_ == lines_) {
      ++left_out_;
      return std::nullopt;
    }
    ++used_;
    return std::exchange(left_out_, 0);
  }

 private:
  int lines_;
  int used_ = 0;
  std::int64_t second_ = 0;
  std::int64_t left_out_ = 0;
};

}  // namespace quantumapi::http
