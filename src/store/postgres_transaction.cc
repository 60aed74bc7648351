#include "store/postgres_transaction.h"

#include "store/connection_transaction.h"
#include "store/postgres_outcome.h"

namespace quantumapi::store {
namespace {

using End = Attempt::End;

constexpr Statement kTransactionId{"store.transaction_id",
                                   "SELECT pg_current_xact_id_if_assigned()::text"};

// failed sorts an error of a statement; the transaction is rolled back.
Attempt failed(PostgresConnection& connection, Status status) {
  if (connection.broken()) return {End::kBroken, std::move(status)};
  const bool again = connection.retryable();
  connection.rollback();
  return {again ? End::kConflict : End::kAnswered, std::move(status)};
}

// write_events answers the transaction's id, which is empty when nothing was changed.
Result<std::string> write_events(PostgresConnection& connection, const AuditBatch& batch) {
  std::string id;
  const auto keep = [&](const Row& row) -> Status {
    if (!row.is_null(0)) id = row.text(0);
    return {};
  };
  if (batch.empty()) {
    TRY(connection.each(kTransactionId, {}, keep));
  } else {
    TRY(batch.write(connection, connection.stream, keep));
  }
  return id;
}

Attempt commit(PostgresConnection& connection, const std::string& url, const std::string& id) {
  Status status = connection.commit();
  if (status) return {End::kAnswered, {}};
  if (!connection.broken()) return failed(connection, std::move(status));
  if (id.empty()) return {End::kBroken, std::move(status)};
  Status fate = resolve_commit(url, id, connection.crash_mark);
  const bool aborted = !fate && fate.error().reason == kStoreUnavailable;
  return {aborted ? End::kBroken : End::kAnswered, std::move(fate)};
}

}  // namespace

Attempt attempt_change(PostgresConnection& connection, const std::string& url, Isolation isolation,
                       const Body& body, AuditBatch& batch) {
  const bool serializable = isolation == Isolation::kSerializable;
  connection.begin(serializable ? "BEGIN ISOLATION LEVEL SERIALIZABLE"
                                : "BEGIN ISOLATION LEVEL READ COMMITTED");
  ConnectionTransaction transaction(connection, &batch);
  Status ran = transaction.run(body);
  if (!transaction.broken()) return failed(connection, std::move(ran));
  if (!ran) {
    connection.rollback();
    return {End::kAnswered, std::move(ran)};
  }
  const Result<std::string> id = write_events(connection, batch);
  if (!id) return failed(connection, std::unexpected(id.error()));
  Attempt attempt = commit(connection, url, *id);
  if (attempt.end == End::kAnswered && attempt.status) {
    connection.stream.next += batch.count();
    attempt.touches = std::move(transaction.touches());
  }
  return attempt;
}

Attempt attempt_read(PostgresConnection& connection, const Body& body) {
  connection.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  ConnectionTransaction transaction(connection, nullptr);
  Status ran = transaction.run(body);
  if (!transaction.broken()) return failed(connection, std::move(ran));
  connection.rollback();  // nothing to commit; if it breaks, the next use notices
  return {End::kAnswered, std::move(ran)};
}

}  // namespace quantumapi::store
