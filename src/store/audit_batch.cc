#include "store/audit_batch.h"

#include "store/audit_frame.h"

namespace quantumapi::store {
namespace {

constexpr Statement kInsert{"store.insert_pending",
                            R"sql(INSERT INTO audit_pending (stream, n, count, frames)
          VALUES (:stream, :n, :count, :frames))sql",
                            // The id tells after a broken COMMIT what became of the transaction.
                            R"sql(INSERT INTO audit_pending (stream, n, count, frames)
          VALUES (:stream, :n, :count, :frames)
          RETURNING pg_current_xact_id()::text)sql"};

}  // namespace

AuditBatch::RowEnd& AuditBatch::open_row() {
  const std::size_t begin = rows_.size() < 2 ? 0 : rows_[rows_.size() - 2].end;
  if (rows_.empty() || rows_.back().end - begin >= kRowSize) rows_.push_back({frames_.size(), 0});
  return rows_.back();
}

void AuditBatch::add(ByteView frames, std::int64_t count) {
  if (count == 0) return;
  RowEnd& row = open_row();
  base::append(frames_, frames);
  row.end = frames_.size();
  row.count += count;
}

void AuditBatch::add_event(const AuditEvent& event) {
  RowEnd& row = open_row();
  append_frame(frames_, event);
  row.end = frames_.size();
  row.count += 1;
}

AuditBatch::Mark AuditBatch::mark() const {
  return {frames_.size(), rows_.size(), rows_.empty() ? 0 : rows_.back().count};
}

void AuditBatch::rewind(const Mark& mark) {
  frames_.resize(mark.size);
  rows_.resize(mark.rows);
  if (!rows_.empty()) rows_.back() = {mark.size, mark.last_count};
}

void AuditBatch::clear() {
  if (frames_.capacity() > 8 * kRowSize) frames_ = {};
  rewind({});
}

std::int64_t AuditBatch::count() const {
  std::int64_t sum = 0;
  for (const RowEnd& row : rows_) sum += row.count;
  return sum;
}

Status AuditBatch::write(Connection& connection, const AuditStream& stream,
                         const RowFunction& returned) const {
  std::int64_t n = stream.next;
  std::size_t begin = 0;
  for (const RowEnd& row : rows_) {
    const ByteView frames = ByteView(frames_).subspan(begin, row.end - begin);
    TRY(connection.each(kInsert,
                        {{"stream", stream.id}, {"n", n}, {"count", row.count}, {"frames", frames}},
                        returned));
    n += row.count;
    begin = row.end;
  }
  return {};
}

}  // namespace quantumapi::store
