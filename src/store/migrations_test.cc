#include "store/migrations.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "store/migrator.h"
#include "store/postgres_connection.h"
#include "store/postgres_migrate.h"
#include "store/sqlite_connection.h"
#include "store/testing/postgres_server.h"
#include "store/testing/test_store.h"

namespace quantumapi::store {
namespace {

constexpr Migration kOne{1, "one", "CREATE TABLE one (id BYTEA NOT NULL PRIMARY KEY, n BIGINT);\n"};
constexpr Migration kTwo{2, "two",
                         "-- no transaction\n"
                         "-- postgres only\n"
                         "CREATE INDEX CONCURRENTLY IF NOT EXISTS one_n ON one (n);\n"
                         "-- sqlite only\n"
                         "CREATE INDEX IF NOT EXISTS one_n ON one (n);\n"
                         "-- both\n"};
constexpr Migration kBad{2, "bad",
                         "CREATE TABLE two (id BYTEA NOT NULL);\nCREATE TABLE one (x TEXT);\n"};

// MigrationTest has an empty database and a connection to look into it.
class MigrationTest : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    if (GetParam() == Dialect::kSqlite) {
      std::string path = (std::filesystem::temp_directory_path() / "qapi-mig-XXXXXX").string();
      ASSERT_NE(::mkdtemp(path.data()), nullptr);
      directory_ = path;
      std::ofstream(file()).close();
      auto opened = SqliteConnection::open({file(), nullptr, false});
      ASSERT_TRUE(opened);
      connection_ = *std::move(opened);
      return;
    }
    const auto server = testing::PostgresServer::shared();
    ASSERT_TRUE(server) << server.error().message;
    auto url = (*server)->new_database();
    ASSERT_TRUE(url);
    url_ = *url;
    auto opened = PostgresConnection::open(url_, {});
    ASSERT_TRUE(opened) << opened.error().message;
    connection_ = *std::move(opened);
  }
  void TearDown() override {
    connection_.reset();
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] std::string file() const { return directory_ + "/quantumapi.db"; }
  Status migrate(const std::vector<Migration>& known) {
    if (GetParam() == Dialect::kSqlite) return migrate_sqlite(*connection_, known, clock_);
    return migrate_postgres(url_, known, clock_);
  }
  bool works(const std::string& sql) { return connection_->script(sql).has_value(); }
  std::int64_t count(std::string_view sql) {
    const Statement statement{"test.count", sql};
    std::int64_t answer = -1;
    EXPECT_TRUE(connection_->each(statement, {}, [&](const Row& row) -> Status {
      answer = row.integer(0);
      return {};
    }));
    return answer;
  }

  base::SystemClock clock_;
  std::string directory_;
  std::string url_;
  std::unique_ptr<Connection> connection_;
};

TEST_P(MigrationTest, AppliesEachOnce) {
  ASSERT_TRUE(migrate({kOne}));
  ASSERT_TRUE(migrate({kOne, kTwo}));
  ASSERT_TRUE(migrate({kOne, kTwo}));
  EXPECT_EQ(count("SELECT count(*) FROM schema_migrations"), 2);
  EXPECT_TRUE(works("INSERT INTO one (id, n) VALUES ('', 1)") || GetParam() == Dialect::kSqlite);
}

TEST_P(MigrationTest, BringsOursUpFromNothing) {
  const Status migrated = migrate({migrations().begin(), migrations().end()});
  ASSERT_TRUE(migrated) << migrated.error().message;
  EXPECT_EQ(count("SELECT count(*) FROM schema_migrations"),
            static_cast<std::int64_t>(migrations().size()));
}

TEST_P(MigrationTest, KnowsFromWhereAnOlderAuditLogHasCombinedTerms) {
  constexpr std::size_t kBefore = 19;
  ASSERT_TRUE(migrate({migrations().begin(), migrations().begin() + kBefore}));
  constexpr Statement kHead{
      "test.head",
      "INSERT INTO audit_heads (log, size, frontier, root, last_time, revision) "
      "VALUES (:log, :size, :none, :none, 0, 5)"};
  for (const int more : {0, 1, 255})
    ASSERT_TRUE(connection_->execute(kHead, {{"log", Bytes{static_cast<std::uint8_t>(more)}},
                                             {"size", 512 + more},
                                             {"none", Bytes{0}}}));
  ASSERT_TRUE(migrate({migrations().begin(), migrations().end()}));
  // Segment 2 of two of them was begun without.
  EXPECT_EQ(count("SELECT combined_from FROM audit_heads WHERE size = 512"), 2);
  EXPECT_EQ(count("SELECT combined_from FROM audit_heads WHERE size = 513"), 3);
  EXPECT_EQ(count("SELECT combined_from FROM audit_heads WHERE size = 767"), 3);
  // A round that an older version began ends as one that was overtaken.
  EXPECT_EQ(count("SELECT min(revision) FROM audit_heads"), 6);
}

TEST_P(MigrationTest, RefusesANewerDatabaseAndChangesNothing) {
  ASSERT_TRUE(migrate({kOne, kTwo}));
  const Status refused = migrate({kOne});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_EQ(count("SELECT count(*) FROM schema_migrations"), 2);
}

TEST_P(MigrationTest, RefusesAnAppliedOneWhoseTextChanged) {
  ASSERT_TRUE(migrate({kOne}));
  Migration changed = kOne;
  changed.sql = "CREATE TABLE one (id BYTEA NOT NULL PRIMARY KEY, n TEXT);\n";
  const Status refused = migrate({changed, kTwo});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_EQ(count("SELECT count(*) FROM schema_migrations"), 1);
}

TEST_P(MigrationTest, RefusesADatabaseOfAnotherProgramAndChangesNothing) {
  ASSERT_TRUE(works("CREATE TABLE theirs (a TEXT)"));
  // Some programs have a table of this name too.
  ASSERT_TRUE(works("CREATE TABLE schema_migrations (version TEXT)"));
  const Status refused = migrate({kOne});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_EQ(count("SELECT count(*) FROM schema_migrations"), 0);
  EXPECT_FALSE(works("SELECT id FROM one"));
}

TEST_P(MigrationTest, TellsWhoseTheTablesAre) {
  EXPECT_EQ(schema_state(*connection_), SchemaState::kEmpty);
  ASSERT_TRUE(make_history(*connection_));  // as a first migration that was cut
  EXPECT_EQ(schema_state(*connection_), SchemaState::kEmpty);
  ASSERT_TRUE(migrate({kOne}));
  EXPECT_EQ(schema_state(*connection_), SchemaState::kOurs);
  ASSERT_TRUE(works("DROP TABLE schema_migrations"));
  EXPECT_EQ(schema_state(*connection_), SchemaState::kForeign);
}

TEST_P(MigrationTest, AFailedOneLeavesNothingBehind) {
  ASSERT_TRUE(migrate({kOne}));
  const Status failed = migrate({kOne, kBad});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("migration 2 (bad)"), std::string::npos);
  EXPECT_FALSE(works("SELECT id FROM two"));
  EXPECT_EQ(count("SELECT count(*) FROM schema_migrations"), 1);
  EXPECT_TRUE(migrate({kOne, kTwo}));
}

INSTANTIATE_TEST_SUITE_P(Engines, MigrationTest, testing::engines(), testing::name_of);

TEST(EngineSql, GivesSqliteItsTypesAndStrictTables) {
  const std::string sql = engine_sql(
      "CREATE TABLE t (a BYTEA, b BIGINT DEFAULT 1, c TEXT DEFAULT 'BYTEA >= 1');\n"
      "-- postgres only\nALTER TABLE t X;\n-- sqlite only\nSELECT 2 >= 1;\n-- both\nSELECT 3;",
      Dialect::kSqlite);
  EXPECT_EQ(sql,
            "CREATE TABLE t (a BLOB, b INTEGER DEFAULT 1, c TEXT DEFAULT 'BYTEA >= 1') STRICT;\n"
            "SELECT 2 >= 1;\nSELECT 3;\n");
}

TEST(SqliteDirectory, RefusesAForeignFileAndLeavesItsOctets) {
  std::string directory = (std::filesystem::temp_directory_path() / "qapi-for-XXXXXX").string();
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::string file = directory + "/quantumapi.db";
  std::ofstream(file).close();
  {
    auto theirs = SqliteConnection::open({file, nullptr, false});
    ASSERT_TRUE(theirs);
    ASSERT_TRUE((*theirs)->script("CREATE TABLE theirs (a TEXT)"));
  }
  const auto content = [&] {
    std::stringstream all;
    all << std::ifstream(file).rdbuf();
    return all.str();
  };
  const std::string before = content();
  const base::SystemClock clock;
  Logger log(2, LogLevel::kError);
  Metrics metrics;
  Options options;
  options.directory = directory;
  const auto opened = Database::open(options, clock, log, metrics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kConflict);
  EXPECT_EQ(content(), before);
  std::ofstream(file) << std::string(8192, 'x');
  const auto garbage = Database::open(options, clock, log, metrics);
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().code, Code::kDataLoss);
  std::filesystem::remove_all(directory);
}

TEST(SqliteDirectory, ServesOneProcessWithAPrivateFile) {
  testing::TestStore store(Dialect::kSqlite);
  ASSERT_TRUE(store.ready());
  const auto second = store.second();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  using std::filesystem::perms;
  for (const auto& entry : std::filesystem::directory_iterator(store.options().directory)) {
    const perms others = entry.status().permissions() & (perms::group_all | perms::others_all);
    EXPECT_EQ(others, perms::none) << entry.path();
  }
  EXPECT_TRUE(store.reopen());  // and lets go when it ends
}

TEST(PostgresMigrations, ReplicasThatStartTogetherMigrateOnce) {
  const auto server = testing::PostgresServer::shared();
  ASSERT_TRUE(server);
  const auto url = (*server)->new_database();
  ASSERT_TRUE(url);
  const base::SystemClock clock;
  std::vector<std::thread> replicas;
  for (int i = 0; i < 4; ++i) {
    replicas.emplace_back([&] {
      const Status migrated = migrate_postgres(*url, migrations(), clock);
      EXPECT_TRUE(migrated) << migrated.error().message;
    });
  }
  for (std::thread& replica : replicas) replica.join();
}

TEST(PostgresMigrations, WaitsForABusyTableWithoutHoldingOthersUp) {
  const auto server = testing::PostgresServer::shared();
  ASSERT_TRUE(server);
  const auto url = (*server)->new_database();
  ASSERT_TRUE(url);
  const base::SystemClock clock;
  const Migration add{2, "add", "ALTER TABLE one ADD COLUMN more BIGINT;\n"};
  const std::vector<Migration> one = {kOne};
  const std::vector<Migration> both = {kOne, add};
  ASSERT_TRUE(migrate_postgres(*url, one, clock));
  const auto busy = PostgresConnection::open(*url, {});
  ASSERT_TRUE(busy);
  ASSERT_TRUE((*busy)->script("BEGIN; LOCK TABLE one IN ACCESS SHARE MODE"));
  std::thread migrating([&] { EXPECT_TRUE(migrate_postgres(*url, both, clock)); });
  // The migration's lock request times out and lets this one through.
  const auto reader =
      PostgresConnection::open(*url, {.statement = std::chrono::seconds(20), .lock = {}});
  ASSERT_TRUE(reader);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE((*reader)->script("SELECT id FROM one"));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  ASSERT_TRUE((*busy)->script("COMMIT"));
  migrating.join();
}

}  // namespace
}  // namespace quantumapi::store
