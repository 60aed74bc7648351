#include "audit/round.h"

#include <algorithm>
#include <queue>

#include "audit/segment_index.h"

namespace quantumapi::audit {
namespace {

constexpr std::int64_t kRowsAtOnce = 1024;
constexpr std::size_t kLeavesReserved = 192 * 1024;

// take_from decides how many rows of a stream this round takes: whole rows
// until `share` events are reached, at least one.
Result<std::optional<Batch::Take>> take_from(store::Transaction& tx, const Uuid& stream,
                                             std::size_t share, Batch& batch) {
  TRY_ASSIGN(const std::int64_t from, expected_n(tx, stream));
  TRY_ASSIGN(const auto sizes, pending_sizes(tx, stream, kRowsAtOnce));
  Batch::Take take{stream, from, from};
  for (const PendingSize& size : sizes) {
    if (size.n != take.to || size.count <= 0) {
      batch.hole = Hole{stream, take.to, size.n};
      return std::nullopt;
    }
    take.to += size.count;
    if (static_cast<std::size_t>(take.to - from) >= share) break;
  }
  return take;
}

WallTime time_of(std::string_view text) { return WallTime::parse(text).value_or(WallTime{}); }

}  // namespace

Result<Batch> read_batch(store::Transaction& tx, std::size_t limit) {
  std::vector<Uuid> streams;
  for (Uuid after;;) {
    TRY_ASSIGN(const auto next, next_stream(tx, after));
    if (!next) break;
    streams.push_back(*next);
    after = *next;
  }
  Batch batch;
  for (const Uuid& stream : streams) {
    TRY_ASSIGN(const auto take, take_from(tx, stream, limit / streams.size() + 1, batch));
    if (!take) return batch;
    batch.takes.push_back(*take);
  }
  for (const Batch::Take& take : batch.takes) {
    TRY_ASSIGN(auto rows, pending_rows(tx, take.stream, take.to));
    std::ranges::move(rows, std::back_inserter(batch.rows));
    batch.events += static_cast<std::size_t>(take.to - take.from);
  }
  return batch;
}

Result<std::vector<store::AuditFrame>> in_order(const Batch& batch) {
  // Rows of one stream stand together and in order; a queue of the streams'
  // foremost rows merges them.
  using Frames = std::vector<store::AuditFrame>;
  std::vector<Frames> rows;
  std::vector<std::string_view> times;
  for (const PendingRow& row : batch.rows) {
    TRY_ASSIGN(auto frames, store::parse_frames(row.frames, static_cast<std::size_t>(row.count)));
    TRY_ASSIGN(const auto first, RecordTerms::find(frames.front().record));
    rows.push_back(std::move(frames));
    times.push_back(first.time);
  }
  const auto later = [&](std::size_t a, std::size_t b) {
    return times[a] == times[b] ? a > b : times[a] > times[b];
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> foremost(later);
  const auto same_stream = [&](std::size_t i) {
    return i > 0 && i < rows.size() && batch.rows[i].stream == batch.rows[i - 1].stream;
  };
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!same_stream(i)) foremost.push(i);

  Frames all;
  all.reserve(batch.events);
  while (!foremost.empty()) {
    const std::size_t at = foremost.top();
    foremost.pop();
    all.insert(all.end(), rows[at].begin(), rows[at].end());
    if (same_stream(at + 1)) foremost.push(at + 1);
  }
  return all;
}

Result<LogDraft> LogDraft::from_store(store::Transaction& tx, TenantId tenant, WallTime now) {
  LogDraft draft;
  draft.tenant_ = tenant;
  TRY_ASSIGN(auto head, open_log(tx, tenant));
  if (!head) {
    draft.head_.log = Uuid::v7(now);
    draft.head_.opened_at = now;
    return draft;
  }
  draft.head_ = *std::move(head);
  const std::uint64_t size = draft.head_.frontier.size();
  if (size % kSegmentSize == 0) return draft;
  TRY_ASSIGN(auto tail, find_segment(tx, draft.head_.log, size / kSegmentSize));
  if (!tail || tail->count != size % kSegmentSize)
    return fail(Code::kDataLoss, "the last segment of an audit log does not match its head");
  TRY_ASSIGN(draft.combined_from_, combined_from(tx, draft.head_.log));
  OpenSegment& open = draft.segments_.emplace_back();
  open.first = tail->first_time.to_string();
  open.last = tail->last_time.to_string();
  open.row = *std::move(tail);
  return draft;
}

LogDraft LogDraft::following(TenantId tenant, LogHead previous, WallTime now) {
  LogDraft draft;
  draft.tenant_ = tenant;
  draft.head_.log = Uuid::v7(now);
  draft.head_.opened_at = now;
  draft.previous_ = std::move(previous);
  return draft;
}

void LogDraft::begin_segment() {
  OpenSegment& open = segments_.emplace_back();
  open.row.segment = head_.frontier.size() / kSegmentSize;
  open.row.leaves.reserve(kLeavesReserved);
  last_ = nullptr;
}

void LogDraft::count(const Term& term) {
  if (last_ == nullptr || *last_ != term) {
    auto& [place, count] = *seen_.try_emplace({term, segments_.back().row.segment}).first;
    last_ = &place.term;
    last_count_ = &count;
  }
  ++*last_count_;
}

Status LogDraft::append(const store::AuditFrame& frame) {
  TRY_ASSIGN(const RecordTerms terms, RecordTerms::find(frame.record));
  if (head_.frontier.size() % kSegmentSize == 0) begin_segment();
  OpenSegment& open = segments_.back();
  const Digest leaf = leaf_hash(frame.salt, frame.record);
  open.row.hash = head_.frontier.append_subtree(leaf, 0, kSegmentLevel);
  append_leaf(open.row.leaves, frame.salt, frame.record);
  ++open.row.count;
  if (open.first.empty() || terms.time < open.first) open.first = terms.time;
  if (terms.time > open.last) open.last = terms.time;
  count({terms.key, terms.category, terms.action});
  return {};
}

// settle_terms makes the rows of the index from what the events have.
void LogDraft::settle_terms() {
  for (const auto& [place, count] : seen_) {
    const auto& [key, category, action] = place.term;
    terms_.push_back({{{.category = category}, place.segment}, count});
    terms_.push_back({{{.action = action}, place.segment}, count});
    terms_.push_back({{{.category = category, .action = action}, place.segment}, count});
    if (key.empty()) continue;
    terms_.push_back({place, count});
    // Elsewhere a key is found by its combinations.
    if (place.segment < combined_from_) terms_.push_back({{{.key = key}, place.segment}, count});
  }
  // One term's segments are neighbours in the index: so it is written in its order.
  std::ranges::sort(terms_);
  std::size_t rows = 0;
  for (const auto& [place, count] : terms_) {
    if (rows > 0 && terms_[rows - 1].first == place)
      terms_[rows - 1].second += count;
    else
      terms_[rows++] = {place, count};
  }
  terms_.resize(rows);
}

void LogDraft::finish() {
  for (OpenSegment& open : segments_) {
    open.row.first_time = time_of(open.first);
    open.row.last_time = time_of(open.last);
    head_.last_time = std::max(head_.last_time, open.row.last_time);
  }
  settle_terms();
  head_.root = head_.frontier.root();
  ++head_.revision;
}

Status LogDraft::write(store::Transaction& tx) const {
  if (previous_) TRY(close_log(tx, *previous_, head_.opened_at));
  if (head_.revision == 1) TRY(insert_log(tx, head_, tenant_, previous_));
  TRY(put_head(tx, head_));
  for (const OpenSegment& open : segments_) TRY(put_segment(tx, head_.log, open.row));
  for (const auto& [place, count] : terms_)
    TRY(put_term(tx, head_.log, place.term.text(), {place.segment, count}));
  return {};
}

}  // namespace quantumapi::audit
