#include "audit/round.h"

#include <algorithm>
#include <queue>

namespace quantumapi::audit {
namespace {

constexpr std::int64_t kRowsAtOnce = 1024;

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

Result<std::vector<Event>> in_order(const Batch& batch) {
  // Rows of one stream stand together and in order; a queue of the streams'
  // foremost rows merges them.
  struct Parsed {
    std::vector<Event> events;
    Uuid stream;
  };
  std::vector<Parsed> rows;
  rows.reserve(batch.rows.size());
  for (const PendingRow& row : batch.rows) {
    TRY_ASSIGN(const auto frames,
               store::parse_frames(row.frames, static_cast<std::size_t>(row.count)));
    Parsed& parsed = rows.emplace_back();
    parsed.stream = row.stream;
    parsed.events.reserve(frames.size());
    for (const store::AuditFrame& frame : frames) {
      TRY_ASSIGN(const RecordView record, RecordView::parse(frame.record));
      parsed.events.push_back({frame, record});
    }
  }
  const auto later = [&](std::size_t a, std::size_t b) {
    const auto order = rows[a].events.front().record.time <=> rows[b].events.front().record.time;
    return order == 0 ? a > b : order > 0;
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> foremost(later);
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (i == 0 || rows[i].stream != rows[i - 1].stream) foremost.push(i);

  std::vector<Event> events;
  events.reserve(batch.events);
  while (!foremost.empty()) {
    const std::size_t at = foremost.top();
    foremost.pop();
    std::ranges::copy(rows[at].events, std::back_inserter(events));
    if (at + 1 < rows.size() && rows[at + 1].stream == rows[at].stream) foremost.push(at + 1);
  }
  return events;
}

Result<LogDraft> LogDraft::from_store(store::Transaction& tx, TenantId tenant, WallTime now) {
  LogDraft draft;
  draft.tenant_ = tenant;
  draft.opened_at_ = now;
  TRY_ASSIGN(auto head, open_log(tx, tenant));
  if (!head) {
    draft.head_.log = Uuid::v7(now);
    return draft;
  }
  draft.head_ = *std::move(head);
  const std::uint64_t size = draft.head_.frontier.size();
  if (size % kSegmentSize == 0) return draft;
  TRY_ASSIGN(auto tail, find_segment(tx, draft.head_.log, size / kSegmentSize));
  if (!tail || tail->count != size % kSegmentSize)
    return fail(Code::kDataLoss, "the last segment of an audit log does not match its head");
  OpenSegment& open = draft.segments_.emplace_back();
  open.first = tail->first_time.to_string();
  open.last = tail->last_time.to_string();
  open.row = *std::move(tail);
  return draft;
}

void LogDraft::begin_segment() {
  OpenSegment& open = segments_.emplace_back();
  open.row.segment = head_.frontier.size() / kSegmentSize;
}

void LogDraft::add_term(char kind, std::string_view value) {
  term_.assign({kind, ':'});
  term_ += value;
  segments_.back().terms.insert(term_);
}

void LogDraft::append(const Event& event) {
  if (head_.frontier.size() % kSegmentSize == 0) begin_segment();
  OpenSegment& open = segments_.back();
  const Digest leaf = leaf_hash(event.frame.salt, event.frame.record);
  open.row.hash = head_.frontier.append_subtree(leaf, 0, kSegmentLevel);
  append_leaf(open.row.leaves, event.frame.salt, event.frame.record);
  ++open.row.count;
  const std::string_view time = event.record.time;
  if (open.first.empty() || time < open.first) open.first = time;
  if (time > open.last) open.last = time;
  add_term('c', event.record.category);
  add_term('a', event.record.action);
  if (event.record.resource_type == "key") add_term('k', event.record.resource);
}

void LogDraft::finish() {
  for (OpenSegment& open : segments_) {
    open.row.first_time = time_of(open.first);
    open.row.last_time = time_of(open.last);
    head_.last_time = std::max(head_.last_time, open.row.last_time);
  }
  head_.root = head_.frontier.root();
  ++head_.revision;
}

Status LogDraft::write(store::Transaction& tx) const {
  if (head_.revision == 1) TRY(insert_log(tx, head_.log, tenant_, opened_at_));
  TRY(put_head(tx, head_));
  for (const OpenSegment& open : segments_) {
    TRY(put_segment(tx, head_.log, open.row));
    for (const std::string& term : open.terms) TRY(put_term(tx, head_.log, term, open.row.segment));
  }
  return {};
}

}  // namespace quantumapi::audit
