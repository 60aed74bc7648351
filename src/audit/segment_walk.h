// SegmentWalk: the segments of a log that can hold what a filter asks for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/repository.h"

namespace quantumapi::audit {

// SegmentWalk goes from the newest segment to the oldest, through the term
// index: a segment is given when every group has one of its terms there.
class SegmentWalk {
 public:
  using Group = std::vector<std::string>;  // terms of which one must be there
  // [oldest, newest] bounds the walk.
  SegmentWalk(Uuid log, std::uint64_t oldest, std::uint64_t newest, std::vector<Group> groups);

  // next is the next segment, nullopt at the end.
  Result<std::optional<std::uint64_t>> next(store::Database& database);

 private:
  // Cursor reads one term's segments in blocks.
  struct Cursor {
    std::string term;
    std::vector<std::uint64_t> block;  // newest first
    std::size_t at = 0;
    bool ended = false;
  };
  Result<std::optional<std::uint64_t>> at_most(store::Database& database, Cursor& cursor,
                                               std::uint64_t segment) const;
  Result<std::optional<std::uint64_t>> at_most(store::Database& database,
                                               std::vector<Cursor>& group,
                                               std::uint64_t segment) const;

  Uuid log_;
  std::uint64_t oldest_;
  std::optional<std::uint64_t> candidate_;
  std::vector<std::vector<Cursor>> groups_;
};

}  // namespace quantumapi::audit
