// TestStore and StoreTest: a fresh, migrated Database of either engine for a test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/database.h"

namespace quantumapi::store::testing {

// engines are the parameters of a suite that runs on both:
//   INSTANTIATE_TEST_SUITE_P(Engines, MyTest, store::testing::engines(), store::testing::name_of);
inline auto engines() { return ::testing::Values(Dialect::kSqlite, Dialect::kPostgres); }
std::string name_of(const ::testing::TestParamInfo<Dialect>& info);

// TestStore is one database that goes with the test. Making it fails loudly
// when PostgreSQL is asked for and not installed: a skipped engine is not a pass.
class TestStore {
 public:
  // `clock` outlives this object; without one the operating system's is used.
  explicit TestStore(Dialect engine, const Clock* clock = nullptr);
  ~TestStore();
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;

  // database is migrated, unless the store could not be made: then an
  // EXPECT has failed and `ready` is false.
  [[nodiscard]] bool ready() const { return database_ != nullptr; }
  Database& database() { return *database_; }
  // second opens the same store once more, as another replica (PostgreSQL only).
  Result<std::unique_ptr<Database>> second();
  // close and reopen, as a restart of the program.
  void close() { database_.reset(); }
  Status reopen();

  [[nodiscard]] const Options& options() const { return options_; }
  // database_name is what PostgresServer::run wants.
  [[nodiscard]] std::string database_name() const {
    return options_.database_url.substr(options_.database_url.rfind('/') + 1);
  }
  [[nodiscard]] const Clock& clock() const { return *clock_; }
  Logger& log() { return log_; }
  Metrics& metrics() { return metrics_; }

 private:
  base::SystemClock system_clock_;
  const Clock* clock_;
  Logger log_{2, LogLevel::kError};
  Metrics metrics_;
  std::string directory_;
  Options options_;
  std::unique_ptr<Database> database_;
};

// StoreTest is the fixture of TEST_P suites: db() is the migrated store.
class StoreTest : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.ready()); }
  Database& db() { return store_.database(); }
  TestStore& store() { return store_; }

 private:
  TestStore store_{GetParam()};
};

}  // namespace quantumapi::store::testing
