#include <algorithm>
#include <random>
#include <thread>

#include "crypto/hash.h"
#include "store/engine.h"
#include "store/migrator.h"
#include "store/outage.h"
#include "store/pool.h"
#include "store/postgres_appender.h"
#include "store/postgres_health.h"
#include "store/postgres_migrate.h"
#include "store/postgres_outcome.h"
#include "store/postgres_transaction.h"

namespace quantumapi::store {
namespace {

using ConnectionPool = Pool<PostgresConnection>;

constexpr int kMostAttempts = 10;
constexpr int kMostBroken = 2;  // connections that may break under one call

// pause waits a random time that doubles its range with each attempt, so that
// transactions that met do not meet again.
void pause(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int longest = 1000 << std::min(attempt, 6);  // microseconds
  std::this_thread::sleep_for(
      std::chrono::microseconds(std::uniform_int_distribution<int>(0, longest)(random)));
}

// lock_key is what PostgreSQL knows a name by.
std::int64_t lock_key(std::string_view name) {
  const crypto::Digest digest = crypto::sha256({as_bytes("quantumapi lock "), as_bytes(name)});
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < sizeof key; ++i) key = key << 8U | digest[i];
  return static_cast<std::int64_t>(key);
}

// AdvisoryLock lasts as long as its connection. It is given back before that ends, which
// PostgreSQL may notice only after somebody else has asked for the lock.
class AdvisoryLock final : public Database::Lock {
 public:
  explicit AdvisoryLock(std::unique_ptr<PostgresConnection> connection)
      : connection_(std::move(connection)) {}
  ~AdvisoryLock() override { (void)connection_->script("SELECT pg_advisory_unlock_all()"); }
  bool held() override { return connection_->script("SELECT 1").has_value(); }

 private:
  std::unique_ptr<PostgresConnection> connection_;
};

class PostgresEngine final : public Engine {
 public:
  PostgresEngine(const Options& options, const Surroundings& around)
      : Engine(around),
        url_(options.database_url),
        around_(around),
        marks_(around.clock),
        retries_(around.metrics.counter("quantumapi_store_retries_total",
                                        "Changes run again after a conflict.")),
        commits_(around.metrics.counter("quantumapi_store_commits_total", "Durable commits.")),
        pool_(options.pool_connections, options.max_waiting, [this] { return connect(); }),
        appender_(url_, [this] { return connect(); }),
        health_(url_) {}

  Result<SchemaState> schema_state() override;
  Status migrate() override { return migrate_postgres(url_, migrations(), around_.clock); }
  Status read(const Body& body) override;
  Status change(const Body& body) override;
  void append(const std::vector<AuditEvent>& events, Database::Done done) override {
    appender_.append(events, std::move(done));
  }
  Result<std::unique_ptr<Database::Lock>> try_lock(std::string_view name) override;
  Status healthy() override { return health_.healthy(); }
  [[nodiscard]] Dialect dialect() const override { return Dialect::kPostgres; }

 private:
  Result<std::unique_ptr<PostgresConnection>> connect();
  std::unexpected<Error> unavailable(std::string_view detail) {
    outage_.failed("PostgreSQL does not serve", detail);
    return fail(Code::kUnavailable, "the store does not answer", std::string(kStoreUnavailable));
  }
  template <typename F>
  Status attempt(const F& once);

  std::string url_;
  Surroundings around_;
  Outage outage_{around_.log};
  CrashMarks marks_;
  base::Counter& retries_;
  base::Counter& commits_;
  ConnectionPool pool_;
  PostgresAppender appender_;
  PostgresHealth health_;
};

// connect makes a connection that may commit: with a stream and a crash mark.
// What was fit at open() and is not now may become so again: kUnavailable.
Result<std::unique_ptr<PostgresConnection>> PostgresEngine::connect() {
  auto connection = PostgresConnection::open(url_, {});
  if (!connection) return unavailable(connection.error().message);
  (*connection)->stream.id = Uuid::v7(around_.clock.wall());
  const Status marked = marks_.give(**connection);
  if (!marked) return unavailable(marked.error().message);
  outage_.passed();
  return connection;
}

// attempt calls `once` with a connection until it answers. Nothing has
// happened where it is called again.
template <typename F>
Status PostgresEngine::attempt(const F& once) {
  Status last;
  int broken = 0;
  for (int i = 0; i < kMostAttempts && broken <= kMostBroken; ++i) {
    if (i > 0 && broken == 0) pause(i);
    TRY_ASSIGN(const auto connection, pool_.take());
    Attempt attempt = once(*connection);
    if (connection->broken()) pool_.drop_idle();
    if (attempt.end == Attempt::End::kAnswered) {
      if (attempt.status) outage_.passed();
      if (attempt.status) listeners().announce(attempt.touches);
      return std::move(attempt.status);
    }
    if (attempt.end == Attempt::End::kBroken) ++broken;
    if (attempt.end == Attempt::End::kConflict) retries_.add();
    last = std::move(attempt.status);
  }
  if (broken <= kMostBroken)
    return fail(Code::kUnavailable, "too many changes stand in each other's way",
                std::string(kStoreUnavailable));
  return unavailable(last.error().message);
}

Result<SchemaState> PostgresEngine::schema_state() {
  TRY_ASSIGN(const auto connection, PostgresConnection::open(url_, {}));
  return store::schema_state(*connection);
}

Status PostgresEngine::read(const Body& body) {
  return attempt([&](PostgresConnection& connection) { return attempt_read(connection, body); });
}

Status PostgresEngine::change(const Body& body) {
  return attempt([&](PostgresConnection& connection) {
    AuditBatch batch;
    Attempt attempt = attempt_change(connection, url_, Isolation::kSerializable, body, batch);
    if (attempt.end == Attempt::End::kAnswered && attempt.status) commits_.add();
    return attempt;
  });
}

Result<std::unique_ptr<Database::Lock>> PostgresEngine::try_lock(std::string_view name) {
  static constexpr Statement kTryLock{"store.try_lock", "SELECT pg_try_advisory_lock(:key)"};
  TRY_ASSIGN(auto connection,
             PostgresConnection::open(url_, {.statement = std::chrono::seconds(2)}));
  bool locked = false;
  TRY(connection->each(kTryLock, {{"key", lock_key(name)}}, [&](const Row& row) -> Status {
    locked = row.boolean(0);
    return {};
  }));
  if (!locked) return nullptr;
  return std::make_unique<AdvisoryLock>(std::move(connection));
}

}  // namespace

Result<std::unique_ptr<Engine>> open_postgres(const Options& options, const Surroundings& around) {
  // The first connection only asks whether the server is fit.
  TRY(PostgresConnection::open(options.database_url, {}));
  return std::make_unique<PostgresEngine>(options, around);
}

}  // namespace quantumapi::store
