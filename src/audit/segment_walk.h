// SegmentWalk: the segments of a log that can hold what a filter asks for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/segment_index.h"

namespace quantumapi::audit {

// SegmentWalk goes from the newest segment to the oldest, through the term
// index: a segment is given when every group has one of its terms there.
class SegmentWalk {
 public:
  // Group is terms of one kind, of which one must be there.
  using Group = std::vector<std::string>;
  // [oldest, newest] bounds the walk.
  SegmentWalk(Uuid log, std::uint64_t oldest, std::uint64_t newest, std::vector<Group> groups);

  // next is the next segment, nullopt at the end. Its count, where the index knows it, is of
  // the events that every group has a term of, all where there is no group; it holds for full
  // segments alone.
  Result<std::optional<TermCount>> next(store::Database& database);

 private:
  // Cursor reads one term's segments in blocks, larger ones the further it comes.
  struct Cursor {
    std::string term;
    std::vector<TermCount> block;  // newest first
    std::size_t at = 0;
    std::int64_t ask = 32;  // rows of the next block
    bool ended = false;
  };
  Result<std::optional<std::uint64_t>> at_most(store::Database& database, Cursor& cursor,
                                               std::uint64_t segment) const;
  Result<std::optional<std::uint64_t>> at_most(store::Database& database,
                                               std::vector<Cursor>& group,
                                               std::uint64_t segment) const;
  [[nodiscard]] std::optional<std::int64_t> count_at(std::uint64_t segment) const;
  static std::optional<std::int64_t> count_of(const std::vector<Cursor>& group,
                                              std::uint64_t segment);

  Uuid log_;
  std::uint64_t oldest_;
  std::optional<std::uint64_t> candidate_;
  std::vector<std::vector<Cursor>> groups_;
};

}  // namespace quantumapi::audit
