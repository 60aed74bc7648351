#include "audit/segment_walk.h"

#include <algorithm>

#include "audit/segment.h"

namespace quantumapi::audit {
namespace {

constexpr std::int64_t kLargestBlock = 1024;

}  // namespace

SegmentWalk::SegmentWalk(Uuid log, std::uint64_t oldest, std::uint64_t newest,
                         std::vector<Group> groups)
    : log_(log), oldest_(oldest), candidate_(newest) {
  for (Group& group : groups) {
    auto& cursors = groups_.emplace_back();
    for (std::string& term : group) cursors.push_back({std::move(term), {}});
  }
}

Result<std::optional<std::uint64_t>> SegmentWalk::at_most(store::Database& database, Cursor& cursor,
                                                          std::uint64_t segment) const {
  for (;;) {
    while (cursor.at < cursor.block.size() && cursor.block[cursor.at].segment > segment)
      ++cursor.at;
    if (cursor.at < cursor.block.size()) return cursor.block[cursor.at].segment;
    if (cursor.ended) return std::nullopt;
    const auto read = [&](store::Transaction& tx) {
      return segments_with(tx, log_, cursor.term, segment, cursor.ask);
    };
    TRY_ASSIGN(cursor.block, database.read(read));
    cursor.at = 0;
    cursor.ended = cursor.block.size() < static_cast<std::size_t>(cursor.ask);
    cursor.ask = std::min(2 * cursor.ask, kLargestBlock);
  }
}

Result<std::optional<std::uint64_t>> SegmentWalk::at_most(store::Database& database,
                                                          std::vector<Cursor>& group,
                                                          std::uint64_t segment) const {
  std::optional<std::uint64_t> best;
  for (Cursor& cursor : group) {
    TRY_ASSIGN(const auto found, at_most(database, cursor, segment));
    if (found && (!best || *found > *best)) best = found;
  }
  return best;
}

// An event has one category, one action and at most one key, so the counts of a
// group's terms add up. Where all events of a full segment are in a group, it takes
// none away from the others.
std::optional<std::int64_t> SegmentWalk::count_at(std::uint64_t segment) const {
  std::optional<std::int64_t> fewer;
  for (const auto& group : groups_) {
    const auto count = count_of(group, segment);
    if (!count) return std::nullopt;
    if (*count == static_cast<std::int64_t>(kSegmentSize)) continue;
    if (fewer) return std::nullopt;
    fewer = count;
  }
  return fewer.value_or(static_cast<std::int64_t>(kSegmentSize));
}

std::optional<std::int64_t> SegmentWalk::count_of(const std::vector<Cursor>& group,
                                                  std::uint64_t segment) {
  std::int64_t sum = 0;
  for (const Cursor& cursor : group) {
    const bool here = cursor.at < cursor.block.size() && cursor.block[cursor.at].segment == segment;
    if (!here) continue;
    const auto& count = cursor.block[cursor.at].count;
    if (!count) return std::nullopt;
    sum += *count;
  }
  return sum;
}

Result<std::optional<TermCount>> SegmentWalk::next(store::Database& database) {
  for (bool agreed = false; candidate_ && !agreed;) {
    agreed = true;
    for (auto& group : groups_) {
      TRY_ASSIGN(const auto found, at_most(database, group, *candidate_));
      if (found == candidate_) continue;
      candidate_ = found;
      agreed = false;
      break;
    }
  }
  if (!candidate_ || *candidate_ < oldest_) return std::optional<TermCount>();
  const std::uint64_t segment = *candidate_;
  candidate_ = segment == 0 ? std::nullopt : std::optional(segment - 1);
  return TermCount{segment, count_at(segment)};
}

}  // namespace quantumapi::audit
