// PostgreSQL that breaks: acknowledged changes are there once, others not half.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "store/connection.h"
#include "store/postgres_connection.h"
#include "store/postgres_outcome.h"
#include "store/testing/cutting_proxy.h"
#include "store/testing/pending.h"
#include "store/testing/postgres_server.h"
#include "store/testing/test_store.h"

namespace quantumapi::store {
namespace {

using testing::CuttingProxy;
using testing::event;
using testing::Pending;
using testing::PostgresServer;
using testing::read_pending;
using testing::TestStore;

constexpr Statement kInsert{
    "test.insert",
    R"sql(INSERT INTO replicas (process, version, formats, started_at, seen_at)
                                  VALUES (:process, :version, 1, 0, 0))sql"};
constexpr Statement kCounter{"test.counter",
                             R"sql(UPDATE replicas SET formats = formats + 1
                                   WHERE process = :process)sql"};
constexpr Statement kAll{"test.all", R"sql(SELECT version, formats FROM replicas)sql"};

Uuid fresh() { return Uuid::v7(base::SystemClock().wall()); }

// change_one inserts a row called `name` with an event of that name, and
// counts it in one row that all changes meet at.
Status change_one(Database& database, const std::string& name, const Uuid& counter) {
  return database.change([&](Transaction& tx) -> Status {
    tx.record(event(name));
    TRY(tx.execute(kInsert, {{"process", fresh()}, {"version", name}}));
    TRY(tx.execute(kCounter, {{"process", counter}}));
    return {};
  });
}

// Load changes and appends from several threads and keeps what it was told.
class Load {
 public:
  Load(Database& database, const Uuid& counter) : database_(database), counter_(counter) {
    for (int t = 0; t < 6; ++t) threads_.emplace_back([this, t] { run(t); });
  }
  ~Load() { finish(); }
  void finish() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::set<std::string> done;      // acknowledged
  std::set<std::string> not_done;  // store_unavailable: nothing happened
  std::set<std::string> unknown;   // outcome_unknown
  std::atomic<int> acknowledged = 0;

 private:
  void run(int thread) {
    for (int i = 0; !stop_; ++i) {
      const bool append = thread == 0;
      const std::string name =
          (append ? "append-" : "change-") + std::to_string(thread) + "-" + std::to_string(i);
      const Status status =
          append ? database_.append_and_wait({event(name)}) : change_one(database_, name, counter_);
      const std::scoped_lock lock(mutex_);
      if (status) {
        done.insert(name);
        ++acknowledged;
        continue;
      }
      EXPECT_EQ(status.error().code, Code::kUnavailable) << status.error().message;
      (status.error().reason == kOutcomeUnknown ? unknown : not_done).insert(name);
    }
  }

  Database& database_;
  Uuid counter_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

class PostgresFault : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.ready());
    server_ = PostgresServer::shared().value();
    ASSERT_TRUE(db().change([&](Transaction& tx) -> Status {
      TRY(tx.execute(kInsert, {{"process", counter_}, {"version", "counter"}}));
      return {};
    }));
  }
  Database& db() { return store_.database(); }

  static bool until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  // check holds what the store has against what the load was told.
  void check(const Load& load) {
    ASSERT_TRUE(
        until([&] { return db().read([](Transaction&) { return Status{}; }).has_value(); }));
    std::map<std::string, int> rows;
    std::int64_t counted = -1;
    ASSERT_TRUE(db().read([&](Transaction& tx) {
      return tx.each(kAll, {}, [&](const Row& row) -> Status {
        if (row.text(0) == "counter") {
          counted = row.integer(1) - 1;
        } else {
          ++rows[std::string(row.text(0))];
        }
        return {};
      });
    }));
    EXPECT_EQ(counted, static_cast<std::int64_t>(rows.size()));
    const Pending pending = read_pending(db());
    EXPECT_TRUE(pending.gapless);
    std::map<std::string, int> events;
    for (const std::string& record : pending.frames) ++events[name_in(record)];
    const auto seen = [](const std::map<std::string, int>& in, const std::string& name) {
      const auto it = in.find(name);
      return it == in.end() ? 0 : it->second;
    };
    for (const std::string& name : load.done) {
      EXPECT_EQ(seen(events, name), 1) << name;
      const int expected = name.starts_with("change") ? 1 : 0;
      EXPECT_EQ(seen(rows, name), expected) << name;
    }
    for (const std::string& name : load.not_done) {
      EXPECT_EQ(seen(events, name), 0) << name;
      EXPECT_EQ(seen(rows, name), 0) << name;
    }
    for (const std::string& name : load.unknown) {
      EXPECT_LE(seen(events, name), 1) << name;
      const int expected = name.starts_with("change") ? seen(events, name) : 0;
      EXPECT_EQ(seen(rows, name), expected) << name;
    }
  }
  static std::string name_in(const std::string& record) {
    for (const char* prefix : {"\"append-", "\"change-"}) {
      const std::size_t at = record.find(prefix);
      if (at != std::string::npos) return record.substr(at + 1, record.find('"', at + 1) - at - 1);
    }
    return record;
  }

  TestStore store_{Dialect::kPostgres};
  PostgresServer* server_ = nullptr;
  Uuid counter_ = fresh();
};

TEST_F(PostgresFault, ARestartUnderLoadLosesNothingAndPassesByItself) {
  Load load(db(), counter_);
  for (int round = 0; round < 3; ++round) {
    const int before = load.acknowledged;
    ASSERT_TRUE(until([&] { return load.acknowledged > before + 20; }));
    if (round == 1) {
      server_->crash();
    } else {
      server_->stop();
    }
    ASSERT_TRUE(until([&] { return !db().healthy(); }));
    ASSERT_TRUE(server_->start());
    ASSERT_TRUE(until([&] { return db().healthy().has_value(); }));
  }
  const int before = load.acknowledged;
  EXPECT_TRUE(until([&] { return load.acknowledged > before + 20; }));
  load.finish();
  check(load);
}

TEST_F(PostgresFault, KilledBackendsUnderLoadLoseNothing) {
  Load load(db(), counter_);
  for (int kills = 0; kills < 60; ++kills) {
    const int before = load.acknowledged;
    ASSERT_TRUE(until([&] { return load.acknowledged > before; }));
    std::this_thread::sleep_for(std::chrono::microseconds(kills * 137 % 4000));
    ASSERT_TRUE(server_->run("postgres",
                             "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                             " WHERE datname = '" +
                                 store_.database_name() + "' ORDER BY random() LIMIT 2"));
  }
  load.finish();
  check(load);
  EXPECT_TRUE(load.unknown.empty());  // the server told what became of each
}

TEST_F(PostgresFault, ALockIsLostWithItsConnection) {
  auto lock = db().try_lock("sequencer");
  ASSERT_TRUE(lock && *lock);
  ASSERT_TRUE((*lock)->held());
  ASSERT_TRUE(server_->run("postgres",
                           "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                           " WHERE datname = '" +
                               store_.database_name() + "'"));
  EXPECT_FALSE((*lock)->held());
  auto again = db().try_lock("sequencer");
  ASSERT_TRUE(again);
  EXPECT_NE(*again, nullptr);
}

TEST_F(PostgresFault, ALockKeepsOtherReplicasOut) {
  auto other = store_.second();
  ASSERT_TRUE(other);
  auto lock = db().try_lock("sequencer");
  ASSERT_TRUE(lock && *lock);
  auto refused = (*other)->try_lock("sequencer");
  ASSERT_TRUE(refused);
  EXPECT_EQ(*refused, nullptr);
}

TEST_F(PostgresFault, WriteSkewDoesNotPass) {
  // Each of two rows may be lowered only while the other stands: together never below one.
  static constexpr Statement kSum{"test.sum", "SELECT sum(formats) FROM replicas"};
  static constexpr Statement kLower{"test.lower",
                                    R"sql(UPDATE replicas SET formats = :formats
                                          WHERE process = :process)sql"};
  const Uuid other = fresh();
  ASSERT_TRUE(db().change([&](Transaction& tx) -> Status {
    TRY(tx.execute(kInsert, {{"process", other}, {"version", "other"}}));
    return {};
  }));
  const auto sum = [](Transaction& tx) -> Result<std::int64_t> {
    std::int64_t value = 0;
    TRY(tx.one(kSum, {}, [&](const Row& row) -> Status {
      value = row.integer(0);
      return {};
    }));
    return value;
  };
  const auto lower = [&](const Uuid& id) {
    (void)db().change([&](Transaction& tx) -> Status {
      TRY_ASSIGN(const std::int64_t left, sum(tx));
      if (left < 2) return fail(Code::kConflict, "not the last one");
      TRY(tx.execute(kLower, {{"process", id}, {"formats", 0}}));
      return {};
    });
  };
  for (int round = 0; round < 30; ++round) {
    std::thread one([&] { lower(counter_); });
    std::thread two([&] { lower(other); });
    one.join();
    two.join();
    const auto left = db().read(sum);
    ASSERT_TRUE(left);
    ASSERT_GE(*left, 1);
    for (const Uuid& id : {counter_, other}) {
      ASSERT_TRUE(db().change([&](Transaction& tx) -> Status {
        TRY(tx.execute(kLower, {{"process", id}, {"formats", 1}}));
        return {};
      }));
    }
  }
}

// meet finishes a change of one row only when the same was done to another row meanwhile: `raise`
// finds the row, another is added beside it. It answers how often the first had to be run.
int meet(Database& database, const Statement& raise, const Uuid& mine, const Uuid& others) {
  const auto add = [](Transaction& tx) -> Status {
    TRY(tx.execute(kInsert, {{"process", fresh()}, {"version", "added"}}));
    return {};
  };
  const auto meanwhile = [&](Transaction& tx) -> Status {
    TRY(tx.execute(raise, {{"process", others}}));
    return add(tx);
  };
  int runs = 0;
  EXPECT_TRUE(database.change([&](Transaction& tx) -> Status {
    TRY(tx.execute(raise, {{"process", mine}}));
    if (++runs == 1) std::thread([&] { EXPECT_TRUE(database.change(meanwhile)); }).join();
    return add(tx);
  }));
  return runs;
}

TEST_F(PostgresFault, ChangesOfDifferentRowsMeetWhereTheyLookForThemButNotWhereTheyInsert) {
  static constexpr Statement kUpsert{"test.upsert",
                                     R"sql(INSERT INTO replicas
                                             (process, version, formats, started_at, seen_at)
                                           VALUES (:process, '', 1, 0, 0)
                                           ON CONFLICT (process)
                                           DO UPDATE SET formats = replicas.formats + 1)sql"};
  const Uuid other = fresh();
  ASSERT_TRUE(db().change([&](Transaction& tx) -> Status {
    TRY(tx.execute(kInsert, {{"process", other}, {"version", "other"}}));
    return {};
  }));
  EXPECT_EQ(meet(db(), kCounter, counter_, other), 2) << "both rows are in one page of the index";
  EXPECT_EQ(meet(db(), kUpsert, counter_, other), 1);
}

// CutCommit reaches the server through a proxy that breaks connections at their COMMIT.
class CutCommit : public PostgresFault {
 protected:
  void SetUp() override {
    PostgresFault::SetUp();
    proxy_.emplace(server_->port());
    std::string url = store_.options().database_url;
    const std::string port = std::to_string(server_->port());
    url.replace(url.find(port), port.size(), std::to_string(proxy_->port()));
    Options options = store_.options();
    options.database_url = url + "?sslmode=disable&gssencmode=disable";
    auto opened = Database::open(options, clock_, store_.log(), store_.metrics());
    ASSERT_TRUE(opened) << opened.error().message;
    cut_ = *std::move(opened);
    ASSERT_TRUE(change_one(*cut_, "change-warm", counter_));  // connections are there
  }
  int rows(const std::string& name) {
    int count = 0;
    EXPECT_TRUE(db().read([&](Transaction& tx) {
      return tx.each(kAll, {}, [&](const Row& row) -> Status {
        count += row.text(0) == name ? 1 : 0;
        return {};
      });
    }));
    return count;
  }

  base::SystemClock clock_;
  std::optional<CuttingProxy> proxy_;
  std::unique_ptr<Database> cut_;
};

TEST_F(CutCommit, ThatTheServerDidIsAcknowledgedAndNotDoneTwice) {
  for (int i = 0; i < 10; ++i) {
    const std::string name = "change-" + std::to_string(i);
    proxy_->cut_next(CuttingProxy::Cut::kAfterCommit);
    const Status status = change_one(*cut_, name, counter_);
    EXPECT_TRUE(status) << status.error().message;
    EXPECT_EQ(proxy_->cuts(), i + 1);
    EXPECT_EQ(rows(name), 1);
  }
  EXPECT_TRUE(read_pending(db()).gapless);
  EXPECT_EQ(read_pending(db()).frames.size(), 11U);
}

TEST_F(CutCommit, ThatTheServerNeverSawIsRunAgainAndDoneOnce) {
  for (int i = 0; i < 10; ++i) {
    const std::string name = "change-" + std::to_string(i);
    proxy_->cut_next(CuttingProxy::Cut::kBeforeCommit);
    const Status status = change_one(*cut_, name, counter_);
    EXPECT_TRUE(status) << status.error().message;
    EXPECT_EQ(proxy_->cuts(), i + 1);
    EXPECT_EQ(rows(name), 1);
  }
  EXPECT_EQ(read_pending(db()).frames.size(), 11U);
  EXPECT_TRUE(read_pending(db()).gapless);
}

TEST_F(CutCommit, OfAppendedEventsIsResolvedToo) {
  ASSERT_TRUE(cut_->append_and_wait({event()}));
  proxy_->cut_next(CuttingProxy::Cut::kAfterCommit);
  EXPECT_TRUE(cut_->append_and_wait({event(), event()}));
  EXPECT_EQ(read_pending(db()).frames.size(), 4U);
  proxy_->cut_next(CuttingProxy::Cut::kBeforeCommit);
  EXPECT_TRUE(cut_->append_and_wait({event()}));
  EXPECT_EQ(read_pending(db()).frames.size(), 5U);
  EXPECT_EQ(proxy_->cuts(), 2);
  EXPECT_TRUE(cut_->append_and_wait({event()}));
  EXPECT_TRUE(read_pending(db()).gapless);
}

TEST_F(CutCommit, WithoutItsCrashMarkIsNotBelieved) {
  // As after crash recovery, when the id may belong to another transaction.
  ASSERT_TRUE(server_->run(store_.database_name(), "DELETE FROM crash_marks"));
  proxy_->cut_next(CuttingProxy::Cut::kAfterCommit);
  const Status status = change_one(*cut_, "change-lost", counter_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().reason, kOutcomeUnknown);
  // The next connections have a mark of their own.
  ASSERT_TRUE(change_one(*cut_, "change-next", counter_));
  proxy_->cut_next(CuttingProxy::Cut::kAfterCommit);
  EXPECT_TRUE(change_one(*cut_, "change-known", counter_));
}

TEST_F(PostgresFault, CrashRecoveryTakesTheMarksAway) {
  ASSERT_NE(server_->run(store_.database_name(), "SELECT count(*) FROM crash_marks").value(), "0");
  server_->crash();
  ASSERT_TRUE(server_->start());
  EXPECT_EQ(server_->run(store_.database_name(), "SELECT count(*) FROM crash_marks").value(), "0");
}

TEST_F(PostgresFault, ATransactionTheServerNeverHadIsNotCommitted) {
  const Status status = resolve_commit(store_.options().database_url, "999999999", fresh());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().reason, kStoreUnavailable);
}

TEST_F(PostgresFault, RefusesAServerThatWouldLoseCommits) {
  const std::string name = store_.database_name();
  const auto refused = [&] {
    const auto opened = store_.second();
    return !opened && opened.error().code == Code::kConflict;
  };
  ASSERT_TRUE(server_->run("postgres", "ALTER DATABASE " + name + " SET synchronous_commit = off"));
  EXPECT_TRUE(refused());
  ASSERT_TRUE(server_->run("postgres", "ALTER DATABASE " + name + " RESET synchronous_commit"));
  EXPECT_FALSE(refused());
  ASSERT_TRUE(server_->restart_with("fsync=off"));
  EXPECT_TRUE(refused());
  // A running replica does not use it either, until it is safe again.
  const Status status = change_one(db(), "change-unsafe", counter_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kUnavailable);
  ASSERT_TRUE(server_->restart_with(""));
  EXPECT_TRUE(change_one(db(), "change-safe", counter_));
}

TEST_F(PostgresFault, AServerThatIsNotThereIsUnavailable) {
  Options options;
  options.database_url = "postgres://nobody@127.0.0.1:1/none";
  const base::SystemClock clock;
  const auto opened = Database::open(options, clock, store_.log(), store_.metrics());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kUnavailable);
}

TEST_F(PostgresFault, MoreCallersThanConnectionsWaitAndTooManyAreRefused) {
  Options options = store_.options();
  options.pool_connections = 1;
  options.max_waiting = 1;
  const base::SystemClock clock;
  auto opened = Database::open(options, clock, store_.log(), store_.metrics());
  ASSERT_TRUE(opened);
  Database& small = **opened;
  std::promise<void> inside;
  std::promise<void> leave;
  std::thread holder([&] {
    EXPECT_TRUE(small.read([&](Transaction&) -> Status {
      inside.set_value();
      leave.get_future().wait();
      return {};
    }));
  });
  inside.get_future().wait();
  // Two more: one waits until its time is up, or is refused at once.
  std::atomic<int> refused = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      const Status status = small.read([](Transaction&) { return Status{}; });
      if (!status && status.error().code == Code::kUnavailable) ++refused;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(refused, 2);
  EXPECT_TRUE(small.healthy());  // never uses the pool
  leave.set_value();
  holder.join();
  EXPECT_TRUE(small.read([](Transaction&) { return Status{}; }));
}

}  // namespace
}  // namespace quantumapi::store
