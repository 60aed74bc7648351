#include "audit/pending_repository.h"

namespace quantumapi::audit {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr Statement kNextStream{
    "audit.next_stream",
    R"sql(SELECT stream FROM audit_pending WHERE stream > :after ORDER BY stream LIMIT 1)sql"};

constexpr Statement kExpectedN{"audit.expected_n",
                               R"sql(SELECT next_n FROM audit_streams WHERE stream = :stream)sql"};

constexpr Statement kPendingSizes{"audit.pending_sizes",
                                  R"sql(SELECT n, count FROM audit_pending WHERE stream = :stream
          ORDER BY n LIMIT :limit)sql"};

constexpr Statement kPendingRows{"audit.pending_rows",
                                 R"sql(SELECT n, count, frames FROM audit_pending
          WHERE stream = :stream AND n < :below ORDER BY n)sql"};

constexpr Statement kNewestPending{"audit.newest_pending",
                                   R"sql(SELECT count, frames FROM audit_pending
          ORDER BY stream DESC, n DESC LIMIT :limit)sql"};

constexpr Statement kPendingEnds{"audit.pending_ends",
                                 R"sql(SELECT stream, max(n) FROM audit_pending
          GROUP BY stream ORDER BY stream)sql"};

constexpr Statement kIsPending{"audit.is_pending",
                               R"sql(SELECT n FROM audit_pending
          WHERE stream = :stream AND n <= :n ORDER BY n LIMIT 1)sql"};

constexpr Statement kInsertStream{
    "audit.insert_stream",
    R"sql(INSERT INTO audit_streams (stream, next_n) VALUES (:stream, :to)
          ON CONFLICT (stream) DO NOTHING)sql"};

constexpr Statement kAdvanceStream{"audit.advance_stream",
                                   R"sql(UPDATE audit_streams SET next_n = :to
          WHERE stream = :stream AND next_n = :from)sql"};

constexpr Statement kDeletePending{
    "audit.delete_pending",
    R"sql(DELETE FROM audit_pending WHERE stream = :stream AND n < :to)sql"};

constexpr Statement kPutPending{"audit.put_pending",
                                R"sql(INSERT INTO audit_pending (stream, n, count, frames)
          VALUES (:stream, :n, :count, :frames))sql"};

constexpr Statement kDeletePendingRow{
    "audit.delete_pending_row",
    R"sql(DELETE FROM audit_pending WHERE stream = :stream AND n = :n)sql"};

}  // namespace

std::unexpected<Error> overtaken() {
  return fail(Code::kConflict, "another sequencer was here", "sequencer_overtaken");
}

Result<std::optional<Uuid>> next_stream(Transaction& tx, const Uuid& after) {
  std::optional<Uuid> found;
  TRY(tx.one(kNextStream, {{"after", after}}, [&](const Row& row) -> Status {
    found = row.uuid(0);
    return {};
  }));
  return found;
}

Result<std::int64_t> expected_n(Transaction& tx, const Uuid& stream) {
  std::int64_t n = 0;  // a stream that is new starts at 0
  TRY(tx.one(kExpectedN, {{"stream", stream}}, [&](const Row& row) -> Status {
    n = row.integer(0);
    return {};
  }));
  return n;
}

Result<std::vector<PendingSize>> pending_sizes(Transaction& tx, const Uuid& stream,
                                               std::int64_t limit) {
  std::vector<PendingSize> sizes;
  TRY(tx.each(kPendingSizes, {{"stream", stream}, {"limit", limit}}, [&](const Row& row) -> Status {
    sizes.push_back({row.integer(0), row.integer(1)});
    return {};
  }));
  return sizes;
}

Result<std::vector<PendingRow>> pending_rows(Transaction& tx, const Uuid& stream,
                                             std::int64_t below_n) {
  std::vector<PendingRow> rows;
  TRY(tx.each(kPendingRows, {{"stream", stream}, {"below", below_n}},
              [&](const Row& row) -> Status {
                rows.push_back({stream, row.integer(0), row.integer(1), row.bytes(2)});
                return {};
              }));
  return rows;
}

Status newest_pending(Transaction& tx, std::int64_t limit,
                      const std::function<Status(std::int64_t, ByteView)>& row) {
  return tx.each(kNewestPending, {{"limit", limit}},
                 [&](const Row& r) { return row(r.integer(0), r.blob(1)); });
}

Result<std::vector<PendingEnd>> pending_ends(Transaction& tx) {
  std::vector<PendingEnd> ends;
  TRY(tx.each(kPendingEnds, {}, [&](const Row& row) -> Status {
    ends.push_back({row.uuid(0), row.integer(1)});
    return {};
  }));
  return ends;
}

Result<bool> is_pending(Transaction& tx, const PendingEnd& end) {
  return tx.one(kIsPending, {{"stream", end.stream}, {"n", end.n}},
                [](const Row&) { return Status{}; });
}

Status advance_stream(Transaction& tx, const Uuid& stream, std::int64_t from, std::int64_t to) {
  TRY_ASSIGN(auto moved,
             tx.execute(kAdvanceStream, {{"stream", stream}, {"from", from}, {"to", to}}));
  if (moved == 0 && from == 0) {
    TRY_ASSIGN(moved, tx.execute(kInsertStream, {{"stream", stream}, {"to", to}}));
  }
  if (moved != 1) return overtaken();
  TRY(tx.execute(kDeletePending, {{"stream", stream}, {"to", to}}));
  return {};
}

Status put_pending(Transaction& tx, const PendingRow& row) {
  TRY(tx.execute(
      kPutPending,
      {{"stream", row.stream}, {"n", row.n}, {"count", row.count}, {"frames", row.frames}}));
  return {};
}

Status delete_pending(Transaction& tx, const Uuid& stream, std::int64_t n) {
  TRY(tx.execute(kDeletePendingRow, {{"stream", stream}, {"n", n}}));
  return {};
}

}  // namespace quantumapi::audit
