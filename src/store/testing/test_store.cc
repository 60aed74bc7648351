#include "store/testing/test_store.h"

#include <cstdlib>
#include <filesystem>

#include "store/testing/postgres_server.h"

namespace quantumapi::store::testing {
namespace {

std::string temporary_directory() {
  std::string path = (std::filesystem::temp_directory_path() / "quantumapi-store-XXXXXX").string();
  return ::mkdtemp(path.data()) == nullptr ? std::string() : path;
}

}  // namespace

std::string name_of(const ::testing::TestParamInfo<Dialect>& info) {
  return info.param == Dialect::kSqlite ? "Sqlite" : "Postgres";
}

TestStore::TestStore(Dialect engine, const Clock* clock)
    : clock_(clock != nullptr ? clock : &system_clock_) {
  if (engine == Dialect::kSqlite) {
    directory_ = temporary_directory();
    options_.directory = directory_;
  } else {
    const auto server = PostgresServer::shared();
    if (!server) {
      ADD_FAILURE() << server.error().message;
      return;
    }
    const auto url = (*server)->new_database();
    if (!url) {
      ADD_FAILURE() << url.error().message;
      return;
    }
    options_.database_url = *url;
  }
  const Status opened = reopen();
  if (!opened) ADD_FAILURE() << opened.error().message;
}

TestStore::~TestStore() {
  database_.reset();
  if (!options_.database_url.empty()) {  // the fewer files the faster the server starts again
    const auto server = PostgresServer::shared();
    (void)(*server)->run("postgres", "DROP DATABASE " + database_name() + " WITH (FORCE)");
  }
  if (!directory_.empty()) std::filesystem::remove_all(directory_);
}

Status TestStore::reopen() {
  close();
  TRY_ASSIGN(auto database, Database::open(options_, *clock_, log_, metrics_));
  TRY(database->migrate());
  database_ = std::move(database);
  return {};
}

Result<std::unique_ptr<Database>> TestStore::second() {
  return Database::open(options_, *clock_, log_, metrics_);
}

}  // namespace quantumapi::store::testing
