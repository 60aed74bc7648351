#include "store/postgres_migrate.h"

#include <thread>

#include "store/migrator.h"
#include "store/postgres_connection.h"

namespace quantumapi::store {
namespace {

constexpr std::chrono::milliseconds kLockLimit{1000};
constexpr std::chrono::milliseconds kPause{200};
constexpr std::chrono::seconds kLongestWait{60};
constexpr std::int64_t kMigrationLock = 0x71617069'6d696772;  // "qapimigr"

constexpr Statement kTryLock{"store.lock_migrations", "SELECT pg_try_advisory_lock(:key)"};

Status lock_migrations(PostgresConnection& connection) {
  const auto deadline = std::chrono::steady_clock::now() + kLongestWait;
  do {
    bool locked = false;
    TRY(connection.each(kTryLock, {{"key", kMigrationLock}}, [&](const Row& row) -> Status {
      locked = row.boolean(0);
      return {};
    }));
    if (locked) return {};
    std::this_thread::sleep_for(kPause);
  } while (std::chrono::steady_clock::now() < deadline);
  return fail(Code::kUnavailable, "another process has been migrating the database for a minute");
}

Status apply_patiently(PostgresConnection& connection, const Migration& migration,
                       const Clock& clock) {
  const auto deadline = std::chrono::steady_clock::now() + kLongestWait;
  for (;;) {
    Status status = apply_migration(connection, migration, clock);
    const bool busy = !status && connection.state() == "55P03";
    if (!busy || std::chrono::steady_clock::now() > deadline) return status;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

Status migrate_postgres(const std::string& url, std::span<const Migration> known,
                        const Clock& clock) {
  TRY_ASSIGN(const auto connection,
             PostgresConnection::open(
                 url, {.statement = std::chrono::milliseconds(0), .lock = kLockLimit}));
  TRY(lock_migrations(*connection));  // given up when the connection closes
  TRY_ASSIGN(const auto pending, pending_migrations(*connection, known));
  if (pending.empty()) return {};
  TRY(make_history(*connection));
  for (const Migration* migration : pending) TRY(apply_patiently(*connection, *migration, clock));
  return {};
}

}  // namespace quantumapi::store
