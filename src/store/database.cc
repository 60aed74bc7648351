#include "store/database.h"

#include <condition_variable>
#include <mutex>

#include "store/engine.h"
#include "store/migrations.h"
#include "store/sqlite_engine.h"

namespace quantumapi::store {

void Listeners::add(Database::Listener listener) {
  const std::unique_lock lock(mutex_);
  listeners_.push_back(std::move(listener));
}

void Listeners::announce(std::span<const Touch> touches) const {
  if (touches.empty()) return;
  const std::shared_lock lock(mutex_);
  for (const Touch& touch : touches) {
    for (const Database::Listener& listener : listeners_) listener(touch.topic, touch.id);
  }
}

Result<bool> Transaction::one(const Statement& statement, Params params,
                              const std::function<Status(const Row&)>& row) {
  bool found = false;
  TRY(each(statement, params, [&](const Row& r) -> Status {
    if (found) return {};
    found = true;
    return row(r);
  }));
  return found;
}

Result<std::unique_ptr<Database>> Database::open(const Options& options, const Clock& clock,
                                                 Logger& log, Metrics& metrics) {
  const Surroundings around{clock, log, metrics, options.activity};
  TRY_ASSIGN(auto engine, options.database_url.empty() ? open_sqlite(options, around, {})
                                                       : open_postgres(options, around));
  return over(std::move(engine));
}

std::unique_ptr<Database> Database::over(std::unique_ptr<Engine> engine) {
  return std::unique_ptr<Database>(new Database(std::move(engine)));
}

Database::Database(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Database::~Database() = default;

Result<SchemaState> Database::schema_state() { return engine_->schema_state(); }
Status Database::migrate() { return engine_->migrate(); }
Result<bool> Database::outdated() {
  static constexpr Statement kNewest{"store.newest_migration",
                                     "SELECT max(number) FROM schema_migrations"};
  return read([](Transaction& tx) -> Result<bool> {
    std::int64_t newest = 0;
    TRY(tx.one(kNewest, {}, [&](const Row& row) -> Status {
      newest = row.integer(0);
      return {};
    }));
    return newest > migrations().back().number;
  });
}
Status Database::read_(const Body& f) { return engine_->read(f); }
Status Database::change_(const Body& f) { return engine_->change(f); }

void Database::append(std::vector<AuditEvent> events, Done done) {
  engine_->append(events, std::move(done));
}

Status Database::append_and_wait(std::vector<AuditEvent> events) {
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<Status> answer;
  append(std::move(events), [&](Status status) {
    const std::scoped_lock lock(mutex);
    answer = std::move(status);
    answered.notify_one();  // under the lock: `answered` is gone right after it
  });
  std::unique_lock lock(mutex);
  answered.wait(lock, [&] { return answer.has_value(); });
  return *answer;
}

void Database::on_change(Listener listener) { engine_->listeners().add(std::move(listener)); }

Result<std::unique_ptr<Database::Lock>> Database::try_lock(std::string_view name) {
  return engine_->try_lock(name);
}

Status Database::healthy() { return engine_->healthy(); }
Dialect Database::dialect() const { return engine_->dialect(); }
ProcessId Database::process() const { return engine_->process(); }

}  // namespace quantumapi::store
