// The writer over a disk that fails: nobody acknowledged, none half done, and
// the store works again afterwards.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <thread>

#include "store/migrator.h"
#include "store/sqlite_engine.h"
#include "store/sqlite_writer.h"
#include "store/testing/faulty_disk.h"
#include "store/testing/pending.h"

namespace quantumapi::store {
namespace {

using testing::event;
using testing::FaultyDisk;
namespace fs = std::filesystem;

constexpr Statement kInsert{"test.insert",
                            R"sql(INSERT INTO things (id, body) VALUES (:id, :body))sql"};
constexpr Statement kCount{"test.count", "SELECT count(*) FROM things"};
constexpr Statement kPending{"test.pending", "SELECT coalesce(sum(count), 0) FROM audit_pending"};
constexpr Statement kIntegrity{"test.integrity", "PRAGMA integrity_check"};

Status nothing(Transaction&) { return {}; }

// SqliteFault holds a writer whose connection writes to a FaultyDisk.
class SqliteFault : public ::testing::Test {
 protected:
  void SetUp() override {
    FaultyDisk::mend();
    std::string path = (fs::temp_directory_path() / "qapi-fault-XXXXXX").string();
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    directory_ = path;
    std::ofstream(file()).close();
    auto setup = open();
    ASSERT_TRUE(setup->script("PRAGMA journal_mode = WAL"));
    ASSERT_TRUE(migrate_sqlite(*setup, migrations(), clock_));
    ASSERT_TRUE(setup->script(
        "CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, body BLOB NOT NULL) STRICT"));
    setup.reset();
    checkpointer_.emplace(open(), log_, [this] { ++ended_; });
    reader_ = open();
  }
  void TearDown() override {
    FaultyDisk::mend();
    writer_.reset();
    checkpointer_.reset();
    reader_.reset();
    fs::remove_all(directory_);
  }

  [[nodiscard]] std::string file() const { return directory_ + "/quantumapi.db"; }
  std::unique_ptr<SqliteConnection> open() {
    auto opened = SqliteConnection::open({file(), FaultyDisk::name(), false});
    EXPECT_TRUE(opened);
    return *std::move(opened);
  }
  void start(std::string_view settings = "") {
    auto connection = open();
    ASSERT_TRUE(connection->script(settings));
    writer_.emplace(std::move(connection), Surroundings{clock_, log_, metrics_}, listeners_,
                    *checkpointer_, 1024, [this] { ++ended_; });
  }
  std::int64_t number(const Statement& statement) {
    std::int64_t value = -1;
    EXPECT_TRUE(reader_->each(statement, {}, [&](const Row& row) -> Status {
      value = row.integer(0);
      return {};
    }));
    return value;
  }
  bool sound() {
    bool ok = false;
    EXPECT_TRUE(reader_->each(kIntegrity, {}, [&](const Row& row) -> Status {
      ok = row.text(0) == "ok";
      return {};
    }));
    return ok;
  }

  struct Answers {
    std::vector<Status> changes;
    std::vector<Status> appends;
  };

  // run_group makes `changes` changes of `size` octets and `appends` appends
  // that share one commit; `arm` is called before it begins.
  Answers run_group(std::int64_t first_id, int changes, int appends, std::size_t size,
                    const std::function<void()>& arm) {
    Answers answers;
    answers.changes.resize(static_cast<std::size_t>(changes));
    std::promise<void> holding;
    std::promise<void> release;
    std::thread holder([&] {  // keeps the writer busy until all of the group wait
      EXPECT_TRUE(writer_->change([&](Transaction&) -> Status {
        holding.set_value();
        release.get_future().wait();
        return {};
      }));
    });
    holding.get_future().wait();
    const Bytes body(size, 7);
    std::vector<std::thread> threads;
    for (int i = 0; i < changes; ++i) {
      threads.emplace_back([&, i] {
        answers.changes[static_cast<std::size_t>(i)] =
            writer_->change([&](Transaction& tx) -> Status {
              tx.record(event());
              TRY(tx.execute(kInsert, {{"id", first_id + i}, {"body", body}}));
              return {};
            });
      });
    }
    std::vector<std::promise<Status>> appended(static_cast<std::size_t>(appends));
    for (auto& promise : appended)
      writer_->append({event(), event()}, [&](Status status) { promise.set_value(status); });
    while (writer_->waiting() < static_cast<std::size_t>(changes)) std::this_thread::yield();
    arm();
    release.set_value();
    holder.join();
    for (std::thread& thread : threads) thread.join();
    for (auto& promise : appended) answers.appends.push_back(promise.get_future().get());
    return answers;
  }

  static bool all(const std::vector<Status>& answers, bool succeeded) {
    return std::ranges::all_of(answers, [&](const Status& status) {
      if (succeeded) return status.has_value();
      return !status && status.error().code == Code::kUnavailable &&
             status.error().reason == kStoreUnavailable;
    });
  }

  base::SystemClock clock_;
  Logger log_{::fileno(std::tmpfile()), LogLevel::kError};
  Metrics metrics_;
  Listeners listeners_;
  std::string directory_;
  std::optional<SqliteCheckpointer> checkpointer_;
  std::optional<SqliteWriter> writer_;
  std::unique_ptr<SqliteConnection> reader_;
  std::atomic<int> ended_ = 0;
};

// sweep fails the first, second, … write of the same group until none is left to fail.
void sweep(int code, const std::function<bool(int count)>& group_with_failure_at) {
  int failures = 0;
  for (int count = 0; count < 1000; ++count) {
    FaultyDisk::mend();
    const bool failed = group_with_failure_at(count);
    FaultyDisk::mend();
    if (::testing::Test::HasFailure()) return;
    if (!failed) {
      EXPECT_GT(failures, 3) << "the fault was hardly ever reached, code " << code;
      return;
    }
    ++failures;
  }
  FAIL() << "never got through";
}

class SqliteWriteFault : public SqliteFault,
                         public ::testing::WithParamInterface<std::tuple<int, const char*>> {};

TEST_P(SqliteWriteFault, FailsTheWholeGroupAndNothingElse) {
  const auto [code, settings] = GetParam();
  start(settings);
  std::int64_t rows = 0;
  std::int64_t events = 0;
  sweep(code, [&](int count) {
    const auto arm = [&] { FaultyDisk::fail_writes(code, count); };
    const Answers answers = run_group(rows, 4, 3, 30'000, arm);
    const bool failed = FaultyDisk::failed() > 0;
    EXPECT_TRUE(all(answers.changes, !failed)) << "write " << count;
    EXPECT_TRUE(all(answers.appends, !failed)) << "write " << count;
    if (!failed) rows += 4, events += 10;
    EXPECT_EQ(number(kCount), rows) << "write " << count;
    EXPECT_EQ(number(kPending), events) << "write " << count;
    FaultyDisk::mend();
    const Answers after = run_group(rows, 2, 1, 10, [] {});
    EXPECT_TRUE(all(after.changes, true) && all(after.appends, true)) << "write " << count;
    rows += 2, events += 4;
    EXPECT_EQ(number(kCount), rows);
    EXPECT_EQ(number(kPending), events);
    return failed;
  });
  EXPECT_TRUE(sound());
  EXPECT_EQ(ended_, 0);
}

// With a cache of few pages the changes themselves write, so that the error
// comes inside a savepoint; with the default all writes are the COMMIT's.
INSTANTIATE_TEST_SUITE_P(Codes, SqliteWriteFault,
                         ::testing::Combine(::testing::Values(SQLITE_FULL, SQLITE_IOERR_WRITE),
                                            ::testing::Values("", "PRAGMA cache_size = 8")));

TEST_F(SqliteFault, AFullDatabaseFailsTheGroupAndGrowsAgainLater) {
  start();
  ASSERT_TRUE(all(run_group(0, 1, 1, 10, [] {}).changes, true));
  const auto set_limit = [&](int pages) {
    const std::string sql = "PRAGMA max_page_count = " + std::to_string(pages);
    const Statement statement{"test.limit", sql};
    return writer_->change([&](Transaction& tx) -> Status {
      return tx.each(statement, {}, [](const Row&) { return Status{}; });
    });
  };
  ASSERT_TRUE(set_limit(1));  // SQLite makes of it what is used already
  const Answers full = run_group(10, 3, 2, 200'000, [] {});
  EXPECT_TRUE(all(full.changes, false));
  EXPECT_TRUE(all(full.appends, false));
  EXPECT_EQ(number(kCount), 1);
  EXPECT_EQ(number(kPending), 3);
  ASSERT_TRUE(set_limit(1'000'000));
  const Answers after = run_group(10, 3, 2, 200'000, [] {});
  EXPECT_TRUE(all(after.changes, true) && all(after.appends, true));
  EXPECT_EQ(number(kCount), 4);
  EXPECT_EQ(number(kPending), 3 + 3 + 4);
  EXPECT_TRUE(sound());
}

TEST_F(SqliteFault, AnErrorOfOneClosureLeavesTheOthersOfItsGroupAlone) {
  start();
  ASSERT_TRUE(all(run_group(2, 1, 0, 10, [] {}).changes, true));
  // Of the ids 0 to 3 the third is taken.
  const Answers answers = run_group(0, 4, 1, 10, [] {});
  EXPECT_TRUE(answers.changes[0] && answers.changes[1] && answers.changes[3]);
  ASSERT_FALSE(answers.changes[2]);
  EXPECT_EQ(answers.changes[2].error().reason, "unique");
  EXPECT_TRUE(all(answers.appends, true));
  EXPECT_EQ(number(kCount), 4);
  EXPECT_EQ(number(kPending), 1 + 3 + 2);  // none of the refused change
}

TEST_F(SqliteFault, AFailedSyncAcknowledgesNobodyAndEndsTheProcess) {
  start();
  const Answers answers =
      run_group(0, 3, 2, 10, [] { FaultyDisk::fail_syncs(SQLITE_IOERR_FSYNC); });
  EXPECT_GT(FaultyDisk::failed(), 0);
  EXPECT_GT(ended_, 0);
  EXPECT_TRUE(all(answers.changes, false));
  EXPECT_TRUE(all(answers.appends, false));
}

TEST_F(SqliteFault, ACommitThatWaitedLongForItsDiskIsLogged) {
  base::ManualClock clock{base::SystemClock().wall()};
  std::vector<double> seconds;
  Logger log(
      [&](LogLevel, std::string_view, std::initializer_list<base::LogField> fields) {
        seconds.push_back(std::get<double>(fields.begin()->value));
      },
      LogLevel::kWarning);
  std::atomic<int> each = 0;  // milliseconds that a sync takes
  FaultyDisk::at_syncs([&](bool) { clock.advance(std::chrono::milliseconds(each)); });
  {
    SqliteWriter writer(open(), Surroundings{clock, log, metrics_}, listeners_, *checkpointer_,
                        1024, [this] { ++ended_; });
    for (const int milliseconds : {0, 1'000, 2'500, 0}) {
      each = milliseconds;
      EXPECT_TRUE(writer.change([](Transaction& tx) -> Status {
        tx.record(event());
        return {};
      }));
    }
  }
  FaultyDisk::at_syncs({});
  EXPECT_EQ(seconds, std::vector{2.5});
}

TEST_F(SqliteFault, TheStreamHasNoGapAfterFailures) {
  start();
  for (int round = 0; round < 5; ++round) {
    run_group(round * 10, 3, 2, 5'000, [&] {
      if (round % 2 == 1) FaultyDisk::fail_writes(SQLITE_FULL, round);
    });
    FaultyDisk::mend();
  }
  static constexpr Statement kStreams{
      "test.streams",
      R"sql(SELECT min(n), max(n + count), sum(count) FROM audit_pending GROUP BY stream)sql"};
  int streams = 0;
  ASSERT_TRUE(reader_->each(kStreams, {}, [&](const Row& row) -> Status {
    ++streams;
    EXPECT_EQ(row.integer(0), 0);
    EXPECT_EQ(row.integer(1), row.integer(2));
    return {};
  }));
  EXPECT_GT(streams, 1);
}

TEST_F(SqliteFault, RefusesAChangeInsideAChange) {
  start();
  Status inner;
  EXPECT_TRUE(writer_->change([&](Transaction&) -> Status {
    inner = writer_->change(nothing);
    return {};
  }));
  ASSERT_FALSE(inner);
  EXPECT_EQ(inner.error().code, Code::kInternal);
}

TEST_F(SqliteFault, TheLogIsMovedAndDoesNotGrowWithoutEnd) {
  start();
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(all(run_group(i, 1, 0, 1'000'000, [] {}).changes, true));
  EXPECT_LT(fs::file_size(file() + "-wal"), 40U << 20U);  // 60 MB were written
  writer_.reset();
  checkpointer_.reset();
  EXPECT_EQ(fs::file_size(file() + "-wal"), 0U);
  EXPECT_EQ(number(kCount), 60);
}

TEST_F(SqliteFault, AWriterGoesOnWhileTheLogOfOneThatRestsIsSynced) {
  start();
  std::promise<bool> written;
  std::atomic<int> syncs = 0;
  FaultyDisk::at_syncs([&](bool of_log) {
    if (!of_log && ++syncs == 1) written.set_value(writer_->change(nothing).has_value());
  });
  ASSERT_TRUE(all(run_group(0, 1, 0, 10, [] {}).changes, true));
  EXPECT_TRUE(written.get_future().get());
  writer_.reset();
  checkpointer_.reset();
  FaultyDisk::at_syncs({});
  EXPECT_EQ(fs::file_size(file() + "-wal"), 0U);
}

// A reader that began before keeps the log from being moved whole, as a writer that never
// rests does: then it is up to the checkpointer to sync the file.
TEST_F(SqliteFault, AFailedSyncOfTheFileEndsTheProcess) {
  start();
  ASSERT_TRUE(all(run_group(0, 1, 0, 10, [] {}).changes, true));
  static constexpr Statement kBegin{"test.begin", "BEGIN"};
  ASSERT_TRUE(reader_->execute(kBegin, {}));
  EXPECT_EQ(number(kCount), 1);
  FaultyDisk::fail_file_syncs(SQLITE_IOERR_FSYNC);
  ASSERT_TRUE(all(run_group(1, 8, 0, 1'000'000, [] {}).changes, true));
  for (int i = 0; i < 3000 && ended_ == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_GT(ended_, 0);
  EXPECT_GT(FaultyDisk::failed(), 0);
}

// What open_sqlite does when nothing else is said.
void change_with_failing_syncs(const std::string& directory) {
  const base::SystemClock clock;
  Logger log(2, LogLevel::kError);
  Metrics metrics;
  Options options;
  options.directory = directory;
  SqliteSettings settings;
  settings.vfs = FaultyDisk::name();
  auto engine = open_sqlite(options, {clock, log, metrics}, settings);
  if (!engine || !(*engine)->migrate()) return;
  FaultyDisk::fail_syncs(SQLITE_IOERR_FSYNC);
  (void)(*engine)->change([](Transaction& tx) -> Status {
    tx.record(event());
    return {};
  });
}

TEST(SqliteFaultDeathTest, TheProcessEndsByItselfWhenASyncFails) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // The dying process begins the test anew: it finds the directory in its environment.
  static constexpr const char* kVariable = "QUANTUMAPI_DEATH_TEST_DIRECTORY";
  std::string directory = (fs::temp_directory_path() / "qapi-fault-XXXXXX").string();
  if (const char* given = std::getenv(kVariable)) {
    directory = given;
  } else {
    ASSERT_NE(::mkdtemp(directory.data()), nullptr);
    ASSERT_EQ(::setenv(kVariable, directory.c_str(), 1), 0);
  }
  EXPECT_EXIT(change_with_failing_syncs(directory), ::testing::KilledBySignal(SIGABRT), "fsync");
  ::unsetenv(kVariable);
  fs::remove_all(directory);
}

}  // namespace
}  // namespace quantumapi::store
