// SweepPlan: when a table whose entries run out is to be looked through.
#pragma once

#include <algorithm>
#include <cstddef>

namespace quantumapi::base {

// SweepPlan keeps a table that is filled by others bounded by what of it is in use, at a cost
// of a few steps an entry: after a look through all of it, as many as were left must come
// before the next. One thread at a time.
class SweepPlan {
 public:
  explicit SweepPlan(std::size_t usual) : usual_(usual), due_at_(usual) {}

  [[nodiscard]] bool is_due(std::size_t size) const { return size >= due_at_; }
  // swept says how many entries a look through the table left.
  void swept(std::size_t left) { due_at_ = std::max(usual_, 2 * left); }

 private:
  std::size_t usual_;
  std::size_t due_at_;
};

}  // namespace quantumapi::base
