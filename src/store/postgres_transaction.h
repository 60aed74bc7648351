// One attempt at a transaction on a PostgreSQL connection.
#pragma once

#include <string>
#include <vector>

#include "store/audit_batch.h"
#include "store/engine.h"
#include "store/postgres_connection.h"

namespace quantumapi::store {

enum class Isolation : std::uint8_t { kSerializable, kReadCommitted };

// Attempt is how one ended.
struct Attempt {
  enum class End : std::uint8_t {
    kAnswered,  // `status` is the answer
    kConflict,  // nothing happened: another transaction stood in the way, run it again
    kBroken,    // nothing happened: the connection broke
  };
  End end;
  Status status;
  std::vector<Touch> touches{};
};

// attempt_change runs `body` and commits it together with `batch`, to which
// the body's events are added. A COMMIT whose connection broke is resolved
// through `url`. connection.stream advances with what is known to be durable.
Attempt attempt_change(PostgresConnection& connection, const std::string& url, Isolation isolation,
                       const Body& body, AuditBatch& batch);

// attempt_read runs `body` in a read-only snapshot.
Attempt attempt_read(PostgresConnection& connection, const Body& body);

}  // namespace quantumapi::store
