#include "store/sqlite_engine.h"

#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <set>

#include "store/connection_transaction.h"
#include "store/directory_lock.h"
#include "store/migrator.h"
#include "store/outage.h"
#include "store/pool.h"
#include "store/sqlite_checkpointer.h"
#include "store/sqlite_connection.h"
#include "store/sqlite_writer.h"

namespace quantumapi::store {
namespace {

constexpr Statement kBegin{"store.begin_read", "BEGIN"};
constexpr Statement kRollback{"store.end_read", "ROLLBACK"};
constexpr Statement kProbe{"store.probe", "SELECT count(*) FROM sqlite_schema"};
constexpr std::chrono::milliseconds kHealthLimit{1500};

Status ignore(const Row&) { return {}; }

class SqliteEngine final : public Engine {
 public:
  struct Parts {
    DirectoryLock lock;
    SqliteConnection::Settings file;
    std::unique_ptr<SqliteConnection> writer;
    std::unique_ptr<SqliteConnection> checkpoints;
    std::unique_ptr<SqliteConnection> health;
  };
  SqliteEngine(Parts parts, const Options& options, const Surroundings& around,
               const std::function<void()>& failed_sync);

  Result<SchemaState> schema_state() override;
  Status migrate() override;
  Status read(const Body& body) override;
  Status change(const Body& body) override { return writer_.change(body); }
  void append(const std::vector<AuditEvent>& events, Database::Done done) override {
    writer_.append(events, std::move(done));
  }
  Result<std::unique_ptr<Database::Lock>> try_lock(std::string_view name) override;
  Status healthy() override;
  [[nodiscard]] Dialect dialect() const override { return Dialect::kSqlite; }

 private:
  // Names outlive the engine's locks only through shared_ptr: a Lock may be destroyed last.
  struct Names {
    std::mutex mutex;
    std::set<std::string, std::less<>> held;
  };
  class NamedLock;

  DirectoryLock lock_;  // given back last, when all connections are closed
  Surroundings around_;
  Outage outage_{around_.log};
  SqliteConnection::Settings file_;
  std::shared_ptr<Names> names_ = std::make_shared<Names>();
  const std::size_t most_waiting_;
  std::timed_mutex health_mutex_;
  std::unique_ptr<SqliteConnection> health_;
  Pool<SqliteConnection> readers_;
  SqliteCheckpointer checkpointer_;
  SqliteWriter writer_;  // goes first
};

class SqliteEngine::NamedLock final : public Database::Lock {
 public:
  NamedLock(std::shared_ptr<Names> names, std::string name)
      : names_(std::move(names)), name_(std::move(name)) {}
  ~NamedLock() override {
    const std::scoped_lock lock(names_->mutex);
    names_->held.erase(name_);
  }
  bool held() override { return true; }

 private:
  std::shared_ptr<Names> names_;
  std::string name_;
};

SqliteEngine::SqliteEngine(Parts parts, const Options& options, const Surroundings& around,
                           const std::function<void()>& failed_sync)
    : Engine(around),
      lock_(std::move(parts.lock)),
      around_(around),
      file_(std::move(parts.file)),
      most_waiting_(static_cast<std::size_t>(options.max_waiting)),
      health_(std::move(parts.health)),
      readers_(options.pool_connections, options.max_waiting,
               [this] {
                 SqliteConnection::Settings settings = file_;
                 settings.read_only = true;
                 return SqliteConnection::open(settings);
               }),
      checkpointer_(std::move(parts.checkpoints), around.log, failed_sync),
      writer_(std::move(parts.writer), around, listeners(), checkpointer_, most_waiting_,
              failed_sync) {}

Result<SchemaState> SqliteEngine::schema_state() {
  TRY_ASSIGN(const auto connection, readers_.take());
  return store::schema_state(*connection);
}

Status SqliteEngine::migrate() {
  TRY_ASSIGN(const auto connection, SqliteConnection::open(file_));
  return migrate_sqlite(*connection, migrations(), around_.clock);
}

Status SqliteEngine::read(const Body& body) {
  TRY_ASSIGN(const auto connection, readers_.take());
  TRY(connection->execute(kBegin, {}));
  ConnectionTransaction transaction(*connection, nullptr);
  Status status = transaction.run(body);
  if (connection->in_transaction()) (void)connection->execute(kRollback, {});
  const Status& broken = transaction.broken();
  if (broken) outage_.passed();
  if (broken || broken.error().code != Code::kUnavailable) return status;
  outage_.failed("a read failed", broken.error().message);
  return fail(Code::kUnavailable, "the store does not answer", std::string(kStoreUnavailable));
}

Result<std::unique_ptr<Database::Lock>> SqliteEngine::try_lock(std::string_view name) {
  const std::scoped_lock lock(names_->mutex);
  if (!names_->held.emplace(name).second) return nullptr;
  return std::make_unique<NamedLock>(names_, std::string(name));
}

Status SqliteEngine::healthy() {
  const std::unique_lock lock(health_mutex_, kHealthLimit);
  const bool full = writer_.waiting() >= most_waiting_;
  if (!lock.owns_lock() || full || writer_.stuck(kHealthLimit))
    return fail(Code::kUnavailable, "the store does not answer", std::string(kStoreUnavailable));
  return health_->each(kProbe, {}, ignore);
}

// A database of another program must stay as it is, its journal mode included.
Status refuse_foreign(SqliteConnection& connection, const std::string& path) {
  TRY_ASSIGN(const SchemaState state, schema_state(connection));
  if (state != SchemaState::kForeign) return {};
  return fail(Code::kConflict, path + " holds tables that are not ours; nothing was changed");
}

Status use_write_ahead_log(SqliteConnection& connection) {
  static constexpr Statement kWal{"store.wal", "PRAGMA journal_mode = WAL"};
  std::string mode;
  TRY(connection.each(kWal, {}, [&](const Row& row) -> Status {
    mode = row.text(0);
    return {};
  }));
  if (mode == "wal") return {};
  return fail(Code::kConflict, "the file system of the data directory has no write-ahead log");
}

// The logger writes from another thread, which abort would not wait for.
void end_process() {
  static constexpr std::string_view kLine =
      "{\"level\":\"error\",\"message\":\"an fsync failed: what the disk holds is unknown, the "
      "process ends\"}\n";
  (void)!::write(STDERR_FILENO, kLine.data(), kLine.size());
  std::abort();
}

}  // namespace

Result<std::unique_ptr<Engine>> open_sqlite(const Options& options, const Surroundings& around,
                                            SqliteSettings settings) {
  TRY_ASSIGN(DirectoryLock lock, DirectoryLock::take(options.directory));
  const SqliteConnection::Settings file{options.directory + "/quantumapi.db", settings.vfs, false};
  TRY(make_private_file(options.directory, file.path));
  TRY_ASSIGN(auto writer, SqliteConnection::open(file));
  TRY(refuse_foreign(*writer, file.path));
  // For a new file only: a commit's audit row then takes half as many pages, and
  // each page costs two system calls. A file that has tables keeps its own size.
  TRY(writer->script("PRAGMA page_size = 8192;"));
  TRY(use_write_ahead_log(*writer));
  TRY_ASSIGN(auto checkpoints, SqliteConnection::open(file));
  TRY_ASSIGN(auto health, SqliteConnection::open({file.path, file.vfs, true}));
  const std::function<void()> end = settings.failed_sync ? settings.failed_sync : end_process;
  return std::make_unique<SqliteEngine>(
      SqliteEngine::Parts{std::move(lock), file, std::move(writer), std::move(checkpoints),
                          std::move(health)},
      options, around, end);
}

}  // namespace quantumapi::store
