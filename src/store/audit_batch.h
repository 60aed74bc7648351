// AuditBatch: the audit events of one commit, on their way to audit_pending.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/connection.h"

namespace quantumapi::store {

// AuditStream numbers the events of one writing connection. `next` advances
// only when a commit is known to be durable, so a hole in a stream is a loss.
struct AuditStream {
  Uuid id;
  std::int64_t next = 0;
};

// AuditBatch collects encoded frames in rows of about kRowSize, which bounds
// what the sequencer must hold at once.
class AuditBatch {
 public:
  static constexpr std::size_t kRowSize = 1U << 20U;

  // Mark is a state to go back to when a savepoint is rolled back.
  struct Mark {
    std::size_t size = 0;
    std::size_t rows = 0;
    std::int64_t last_count = 0;
  };

  // add appends frames made by append_frame; those of one call stay in one row.
  void add(ByteView frames, std::int64_t count);
  // add_event encodes and adds one event.
  void add_event(const AuditEvent& event);
  [[nodiscard]] Mark mark() const;
  void rewind(const Mark& mark);
  // clear keeps the memory for the next commit, unless it is uncommonly much.
  void clear();

  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::size_t size() const { return frames_.size(); }
  [[nodiscard]] std::int64_t count() const;

  // write inserts the rows from stream.next on; the caller advances the stream
  // by count() after the commit. `returned` sees what the statement returns
  // (PostgreSQL: the transaction's id as text).
  Status write(Connection& connection, const AuditStream& stream,
               const RowFunction& returned) const;

 private:
  struct RowEnd {
    std::size_t end;
    std::int64_t count;
  };
  RowEnd& open_row();

  Bytes frames_;
  std::vector<RowEnd> rows_;
};

}  // namespace quantumapi::store
