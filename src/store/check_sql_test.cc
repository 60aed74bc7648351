#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/migrations.h"
#include "store/postgres_connection.h"
#include "store/sql_text.h"
#include "store/sqlite_connection.h"
#include "store/testing/test_store.h"

namespace quantumapi::store {
namespace {

namespace fs = std::filesystem;

// Text is one raw literal R"sql(…)sql" of a source file.
struct Text {
  std::string where;
  std::string sql;
  bool for_sqlite = true;
  bool for_postgres = true;
  bool whole = true;  // not joined with another literal
};

// stands_alone looks at what is left and right of a literal.
bool stands_alone(std::string_view before, std::string_view after) {
  const std::size_t last = before.find_last_not_of(" \n");
  const std::size_t next = after.find_first_not_of(" \n");
  return last != std::string_view::npos && next != std::string_view::npos &&
         std::string_view("{,=(").contains(before[last]) &&
         std::string_view("},;)").contains(after[next]);
}

// add_texts finds the literals of one file. One that follows another after a
// comma is the .postgres variant of it.
void add_texts(const fs::path& path, std::vector<Text>& texts) {
  static constexpr std::string_view kOpen = "R\"sql(";
  static constexpr std::string_view kClose = ")sql\"";
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  const std::string source = content.str();
  std::size_t last_end = std::string::npos;
  for (std::size_t at = source.find(kOpen); at != std::string::npos;
       at = source.find(kOpen, last_end)) {
    const std::size_t begin = at + kOpen.size();
    const std::size_t end = source.find(kClose, begin);
    ASSERT_NE(end, std::string::npos) << path;
    Text text{path.string(), source.substr(begin, end - begin)};
    if (last_end != std::string::npos) {
      const std::string between = source.substr(last_end, at - last_end);
      if (between.find_first_not_of(" \n,") == std::string::npos) {
        text.for_sqlite = false;
        texts.back().for_postgres = false;
      }
    }
    last_end = end + kClose.size();
    text.whole = stands_alone(std::string_view(source).substr(0, at),
                              std::string_view(source).substr(last_end));
    texts.push_back(std::move(text));
  }
}

std::vector<Text> repository_texts() {
  std::vector<Text> texts;
  for (const auto& entry : fs::recursive_directory_iterator(QUANTUMAPI_SOURCE_DIR "/src")) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("repository") && name.ends_with(".cc") && !name.ends_with("_test.cc"))
      add_texts(entry.path(), texts);
  }
  return texts;
}

TEST(CheckSql, RefusesWhatOnlyOneEngineKnows) {
  for (const char* sql : {
           "SELECT id FROM t WHERE at < now()",
           "SELECT id FROM t WHERE at < CURRENT_TIMESTAMP",
           "INSERT INTO t (id) VALUES (gen_random_uuid())",
           "SELECT id FROM t WHERE id = ANY(:ids)",
           "SELECT id FROM t WHERE id = :id FOR UPDATE",
           "SELECT id FROM t ORDER BY id FOR UPDATE SKIP LOCKED",
           "SELECT id::text FROM t",
           "SELECT * FROM t",
           "SELECT t.* FROM t",
           "DELETE FROM t WHERE id = :id RETURNING *",
           "SELECT id FROM t WHERE name ILIKE :name",
           "SELECT id FROM t WHERE name ~ :name",
           "SELECT DISTINCT ON (name) id FROM t",
           "INSERT OR REPLACE INTO t (id) VALUES (:id)",
           "INSERT OR IGNORE INTO t (id) VALUES (:id)",
           "REPLACE INTO t (id) VALUES (:id)",
           "SELECT id FROM t WHERE id = ?",
           "SELECT id FROM t WHERE id = $1",
           "SELECT lower(name) FROM t",
           "SELECT \"name\" FROM t",
           "SELECT id FROM t WHERE flag = TRUE",
           "CREATE TABLE t (id BIGSERIAL PRIMARY KEY)",
           "CREATE TABLE t (id BIGINT GENERATED ALWAYS AS IDENTITY)",
           "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
           "CREATE TABLE t (id BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL)",
           "CREATE TABLE t (id UUID NOT NULL)",
           "ALTER TABLE t ADD COLUMN at JSONB",
       }) {
    const Status checked = check_sql(sql);
    ASSERT_FALSE(checked) << sql;
    EXPECT_EQ(checked.error().code, Code::kInvalidArgument);
  }
}

TEST(CheckSql, AcceptsWhatBothKnow) {
  for (const char* sql : {
           "SELECT id, count(*) FROM t WHERE name LIKE :name GROUP BY id",
           "SELECT 'now() is any text' FROM t",
           "INSERT INTO t (id) VALUES (:id) ON CONFLICT (id) DO NOTHING",
           "UPDATE t SET a = :a WHERE id = :id RETURNING revision",
           "CREATE TABLE t (id BYTEA NOT NULL PRIMARY KEY, n BIGINT, name TEXT COLLATE \"C\","
           " FOREIGN KEY (n) REFERENCES s (n), CHECK (n > 0))",
           "CREATE UNIQUE INDEX t_name ON t (name) WHERE gone IS NULL",
       }) {
    const Status checked = check_sql(sql);
    EXPECT_TRUE(checked) << sql << ": " << checked.error().message;
  }
}

TEST(CheckSql, LeavesPartsForOneEngineAlone) {
  EXPECT_TRUE(check_sql("-- postgres only\nCREATE INDEX i ON t (lower(a));\n-- both\n"));
  EXPECT_FALSE(check_sql("-- postgres only\nSELECT 1;\n-- both\nSELECT lower(a) FROM t;\n"));
}

TEST(CheckSql, WantsNullsPlacedWhereAColumnOfTheSchemaMayBeNull) {
  EXPECT_TRUE(check_sql("SELECT version FROM replicas ORDER BY version"));
  EXPECT_FALSE(check_sql("SELECT id FROM secrets ORDER BY deleted_at, id"));
  EXPECT_FALSE(check_sql("SELECT id FROM secrets ORDER BY deleted_at DESC LIMIT :limit"));
  EXPECT_TRUE(check_sql("SELECT id FROM secrets ORDER BY deleted_at DESC NULLS LAST, id"));
}

TEST(CheckSql, EveryMigrationKeepsTheRules) {
  ASSERT_FALSE(migrations().empty());
  int number = 0;
  for (const Migration& migration : migrations()) {
    EXPECT_EQ(migration.number, ++number) << "migrations are numbered without a gap";
    const Status checked = check_sql(migration.sql);
    EXPECT_TRUE(checked) << migration.number << ": " << checked.error().message;
  }
}

TEST(CheckSql, EveryStatementOfARepositoryKeepsTheRules) {
  const auto texts = repository_texts();
  ASSERT_FALSE(texts.empty());
  for (const Text& text : texts) {
    if (!text.for_sqlite || !text.for_postgres) continue;  // one of a pair
    const Status checked = check_sql(text.sql);
    EXPECT_TRUE(checked) << text.where << ": " << checked.error().message << "\n" << text.sql;
  }
}

TEST(CheckSql, EveryStatementOfARepositoryPreparesInSqlite) {
  testing::TestStore store(Dialect::kSqlite);
  ASSERT_TRUE(store.ready());
  const auto connection =
      SqliteConnection::open({store.options().directory + "/quantumapi.db", nullptr, true});
  ASSERT_TRUE(connection);
  for (const Text& text : repository_texts()) {
    if (!text.for_sqlite || !text.whole) continue;
    const Status prepared = (*connection)->script("EXPLAIN " + text.sql);
    EXPECT_TRUE(prepared) << text.where << ": " << prepared.error().message << "\n" << text.sql;
  }
}

TEST(CheckSql, EveryStatementOfARepositoryPreparesInPostgres) {
  testing::TestStore store(Dialect::kPostgres);
  ASSERT_TRUE(store.ready());
  const auto connection = PostgresConnection::open(store.options().database_url, {});
  ASSERT_TRUE(connection);
  for (const Text& text : repository_texts()) {
    if (!text.for_postgres || !text.whole) continue;
    const Status prepared =
        (*connection)->script("PREPARE one AS " + number_parameters(text.sql).text);
    EXPECT_TRUE(prepared) << text.where << ": " << prepared.error().message << "\n" << text.sql;
    if (!prepared) continue;
    EXPECT_TRUE((*connection)->script("DEALLOCATE one"));
  }
}

}  // namespace
}  // namespace quantumapi::store
