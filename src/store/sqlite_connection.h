// SqliteConnection: one SQLite handle with its prepared statements.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/connection.h"

struct sqlite3;
struct sqlite3_stmt;

namespace quantumapi::store {

class SqliteConnection final : public Connection {
 public:
  struct Settings {
    std::string path;
    const char* vfs = nullptr;  // null: the default one
    bool read_only = false;     // refuses changes (PRAGMA query_only)
  };
  // open opens an existing file. kUnavailable when it can't be, kDataLoss when it is damaged.
  static Result<std::unique_ptr<SqliteConnection>> open(const Settings& settings);
  ~SqliteConnection() override;

  Status each(const Statement& statement, Params params, const RowFunction& row) override;
  Result<std::int64_t> execute(const Statement& statement, Params params) override;
  Status script(std::string_view sql) override;
  [[nodiscard]] Dialect dialect() const override { return Dialect::kSqlite; }

  // in_transaction is false after an error that rolled everything back.
  [[nodiscard]] bool in_transaction() const;
  // usable is what Pool asks before it keeps a connection.
  [[nodiscard]] bool usable() const { return !in_transaction(); }
  // failed_to_sync is true once an fsync failed: what the disk holds is unknown.
  [[nodiscard]] bool failed_to_sync() const { return failed_to_sync_; }
  // wal_pages is the length of the write-ahead log after this connection's last commit.
  [[nodiscard]] int wal_pages() const { return wal_pages_; }

  // checkpoint moves the log into the file; `truncate` also empties it, unless somebody reads or
  // writes just then. False when a part was left, as readers need it, and the file is not synced.
  // Writers go on while it is synced, and nobody is waited for.
  Result<bool> checkpoint(bool truncate);
  // sync_file syncs the file itself, which a checkpoint of a part of the log leaves undone.
  Status sync_file();

 private:
  struct Prepared;
  class Use;
  SqliteConnection() = default;
  Result<Prepared*> prepared(const Statement& statement, std::unique_ptr<Prepared>& temporary);
  Result<std::unique_ptr<Prepared>> prepare(const Statement& statement);
  Status step_all(const Statement& statement, Params params, const RowFunction* row);
  Status failure(int code, std::string_view where);

  sqlite3* handle_ = nullptr;
  bool failed_to_sync_ = false;
  int wal_pages_ = 0;
  std::unordered_map<const Statement*, std::unique_ptr<Prepared>> statements_;
};

}  // namespace quantumapi::store
