// Database: transactions over SQLite or PostgreSQL, and durable audit events.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/activity.h"
#include "base/audit_event.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "store/statement.h"

namespace quantumapi::store {

class Engine;

// Transaction runs statements and records audit events. It lives only inside
// the closure it was given to, on one thread. After an error of a statement it
// runs no further one and can't succeed: change() and read() then answer the
// closure's error, or the statement's if the closure went on. Where a conflict
// is expected, ON CONFLICT DO NOTHING and the affected rows tell it.
class Transaction {
 public:
  virtual ~Transaction() = default;

  // each calls `row` for every row, in order; an error of `row` ends the query and is the answer.
  virtual Status each(const Statement& statement, Params params,
                      const std::function<Status(const Row&)>& row) = 0;
  // execute runs a change and answers how many rows it affected. kConflict with
  // reason "unique" or "foreign_key" when such a constraint stands in the way.
  virtual Result<std::int64_t> execute(const Statement& statement, Params params) = 0;
  // record writes an audit event that is durable if and only if this transaction is.
  virtual void record(const AuditEvent& event) = 0;
  // touch tells the caches of this process, after the commit and before the
  // caller of change() goes on, that the row `id` of `topic` changed.
  virtual void touch(std::string_view topic, const Uuid& id) = 0;

  // one calls `row` for the first row; false when there is none.
  Result<bool> one(const Statement& statement, Params params,
                   const std::function<Status(const Row&)>& row);
};

// check_database_url: kInvalidArgument, whose message goes on from "--database ", where libpq could
// not make anything of it. It connects nowhere.
Status check_database_url(const std::string& url);

struct Options {
  std::string directory;     // data directory; SQLite's files live here
  std::string database_url;  // "postgres://…" uses PostgreSQL, empty uses SQLite
  int pool_connections = 8;  // readers (SQLite) or connections (PostgreSQL)
  int max_waiting = 1024;    // requests that may wait for one; more are kUnavailable
  // activity is of the threads whose work a commit may wait for, to be shared by more of it; it
  // outlives the Database.
  Activity* activity = nullptr;
};

enum class Dialect : std::uint8_t { kSqlite, kPostgres };

// SchemaState is whose tables a database holds. kEmpty is also what a first
// migration that was cut leaves: the history of migrations without one.
enum class SchemaState : std::uint8_t { kEmpty, kOurs, kForeign };

// Database is one store, used by any number of threads. All answers other
// than those of the closures themselves are kUnavailable (may pass by itself)
// or kInternal (a defect). The reason of a kUnavailable is "store_unavailable"
// when nothing happened, "outcome_unknown" when a commit could not be resolved.
class Database {
 public:
  // open connects and checks that the engine is set up to be durable (fsync
  // and synchronous_commit on). It changes nothing; call migrate() for that.
  static Result<std::unique_ptr<Database>> open(const Options& options, const Clock& clock,
                                                Logger& log, Metrics& metrics);
  // over makes a Database of an engine opened with settings of its own (tests of this room).
  static std::unique_ptr<Database> over(std::unique_ptr<Engine> engine);
  ~Database();

  // schema_state looks at the tables there are and changes nothing.
  Result<SchemaState> schema_state();
  // migrate brings the schema to the newest version (store/migrations.h).
  Status migrate();
  // outdated is whether a newer version has migrated the store meanwhile (PostgreSQL, whose
  // replicas are started one by one): what this one writes may lack what that one reads.
  Result<bool> outdated();

  // read runs `f` in a read-only snapshot and gives its Result.
  template <typename F>
  auto read(F&& f) -> std::invoke_result_t<F, Transaction&> {
    std::invoke_result_t<F, Transaction&> result = unfinished();
    TRY(read_(([&](Transaction& tx) -> Status { return keep(result, f(tx)); })));
    return result;
  }

  // change runs `f` in a read-write transaction and answers when it is durable.
  // `f` may run several times (serialization failures, a failed group commit),
  // so it does no I/O, makes no keys and leaves no trace outside `tx`; and on a
  // thread of the store while the caller waits, so it calls no change(). An error
  // of `f` rolls everything back, its audit events included, and is the answer.
  template <typename F>
  auto change(F&& f) -> std::invoke_result_t<F, Transaction&> {
    std::invoke_result_t<F, Transaction&> result = unfinished();
    TRY(change_(([&](Transaction& tx) -> Status { return keep(result, f(tx)); })));
    return result;
  }

  // append makes the events of a reply durable, sharing one commit with
  // everything that waits, and then calls `done` with success or kUnavailable,
  // from a thread of the store, or from append itself when too much waits
  // already. `done` must not block. Never blocks the caller.
  using Done = std::function<void(Status)>;
  void append(std::vector<AuditEvent> events, Done done);
  // append_and_wait is append for threads that may block.
  Status append_and_wait(std::vector<AuditEvent> events);

  // on_change registers a listener for touch(); called on the committing
  // thread. Register before serving; it stays for the life of the Database.
  using Listener = std::function<void(std::string_view topic, const Uuid& id)>;
  void on_change(Listener listener);

  // try_lock takes a named lock that at most one process on this store holds,
  // until the returned object is destroyed or its connection breaks; null when
  // another holds it.
  class Lock {
   public:
    virtual ~Lock() = default;
    // held is false once the connection that holds the lock was lost.
    [[nodiscard]] virtual bool held() = 0;
  };
  Result<std::unique_ptr<Lock>> try_lock(std::string_view name);

  // healthy answers within two seconds and never uses the pool.
  Status healthy();
  [[nodiscard]] Dialect dialect() const;
  [[nodiscard]] ProcessId process() const;  // this start of the program

 private:
  explicit Database(std::unique_ptr<Engine> engine);
  Status read_(const std::function<Status(Transaction&)>& f);
  Status change_(const std::function<Status(Transaction&)>& f);
  static std::unexpected<Error> unfinished() {
    return fail(Code::kInternal, "transaction did not run");
  }
  template <typename R>
  static Status keep(R& result, R&& value) {
    result = std::move(value);
    if (!result) return std::unexpected(result.error());
    return {};
  }

  std::unique_ptr<Engine> engine_;
};

}  // namespace quantumapi::store
