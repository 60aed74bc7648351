#include "store/postgres_outcome.h"

#include <thread>

namespace quantumapi::store {
namespace {

constexpr std::chrono::seconds kLongest{6};
constexpr std::chrono::milliseconds kPause{30};

constexpr Statement kHasMark{"store.has_crash_mark",
                             "SELECT count(*) FROM crash_marks WHERE mark = :mark"};
constexpr Statement kMark{"store.set_crash_mark", "INSERT INTO crash_marks (mark) VALUES (:mark)"};
constexpr Statement kFate{
    "store.transaction_fate",
    R"sql(SELECT pg_xact_status(CAST(:id AS TEXT)::xid8), count(*) FROM crash_marks
          WHERE mark = :mark)sql"};

enum class Fate : std::uint8_t { kCommitted, kAborted, kUnknown, kUndecided };

Fate fate_of(const Row& row) {
  if (row.is_null(0)) return Fate::kUnknown;  // too long ago for the server to remember
  if (row.text(0) == "in progress") return Fate::kUndecided;
  if (row.text(0) == "aborted") return Fate::kAborted;
  return row.integer(1) == 1 ? Fate::kCommitted : Fate::kUnknown;
}

Result<Fate> ask(const std::string& url, const std::string& id, const Uuid& crash_mark) {
  TRY_ASSIGN(const auto connection,
             PostgresConnection::open(url, {.statement = std::chrono::seconds(2)}));
  Fate fate = Fate::kUnknown;
  const Status asked =
      connection->each(kFate, {{"id", id}, {"mark", crash_mark}}, [&](const Row& row) -> Status {
        fate = fate_of(row);
        return {};
      });
  // "transaction ID is in the future": recovery did not find it, so it is lost.
  if (!asked && connection->state() == "22023") return Fate::kAborted;
  TRY(asked);
  return fate;
}

}  // namespace

Status CrashMarks::give(PostgresConnection& connection) {
  const std::scoped_lock lock(mutex_);
  bool there = false;
  const Status asked = connection.each(kHasMark, {{"mark", mark_}}, [&](const Row& row) -> Status {
    there = row.integer(0) == 1;
    return {};
  });
  if (!asked && connection.state() == "42P01") return {};  // no such table yet
  TRY(asked);
  if (!there) {
    const Uuid fresh = Uuid::v7(clock_.wall());
    TRY(connection.execute(kMark, {{"mark", fresh}}));
    mark_ = fresh;
  }
  connection.crash_mark = mark_;
  return {};
}

Status resolve_commit(const std::string& url, const std::string& id, const Uuid& crash_mark) {
  const auto deadline = std::chrono::steady_clock::now() + kLongest;
  do {
    const Result<Fate> fate = ask(url, id, crash_mark);
    if (fate && *fate == Fate::kCommitted) return {};
    if (fate && *fate == Fate::kAborted)
      return fail(Code::kUnavailable, "the store could not commit", std::string(kStoreUnavailable));
    if (fate && *fate == Fate::kUnknown) break;
    std::this_thread::sleep_for(kPause);
  } while (std::chrono::steady_clock::now() < deadline);
  return fail(Code::kUnavailable, "the connection broke in a commit whose outcome is not known",
              std::string(kOutcomeUnknown));
}

}  // namespace quantumapi::store
