// What became of a COMMIT whose connection broke.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "store/postgres_connection.h"

namespace quantumapi::store {

// CrashMarks keeps one row in an UNLOGGED table. Crash recovery empties such
// tables, and only after it may a lost transaction's id be given out again; so
// pg_xact_status of an older id is believed only while the mark is there.
class CrashMarks {
 public:
  explicit CrashMarks(const Clock& clock) : clock_(clock) {}
  // give sets connection.crash_mark to the current mark, making a new one
  // after a crash. Nil where the schema is not migrated yet.
  Status give(PostgresConnection& connection);

 private:
  const Clock& clock_;
  std::mutex mutex_;
  Uuid mark_;
};

// resolve_commit asks, on new connections and for a few seconds, what became
// of transaction `id`. Success when it committed; kUnavailable with reason
// store_unavailable when it did not, outcome_unknown when that can't be told.
Status resolve_commit(const std::string& url, const std::string& id, const Uuid& crash_mark);

}  // namespace quantumapi::store
