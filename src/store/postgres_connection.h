// PostgresConnection: one libpq connection with its prepared statements.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/audit_batch.h"
#include "store/connection.h"
#include "store/sql_text.h"

struct pg_conn;
struct pg_result;

namespace quantumapi::store {

struct ClearPostgresResult {
  void operator()(pg_result* result) const;
};
using PostgresResult = std::unique_ptr<pg_result, ClearPostgresResult>;

class PostgresConnection final : public Connection {
 public:
  struct Limits {
    std::chrono::milliseconds statement{10'000};  // 0: none
    std::chrono::milliseconds lock{5'000};
  };
  // open connects and refuses (kConflict) a server that is too old or set up to
  // lose commits. kUnavailable when it does not answer.
  static Result<std::unique_ptr<PostgresConnection>> open(const std::string& url,
                                                          const Limits& limits);
  ~PostgresConnection() override;

  Status each(const Statement& statement, Params params, const RowFunction& row) override;
  Result<std::int64_t> execute(const Statement& statement, Params params) override;
  Status script(std::string_view sql) override;
  [[nodiscard]] Dialect dialect() const override { return Dialect::kPostgres; }

  // begin opens a transaction with `text`, a constant, together with the next
  // statement: both go and come back in one round trip.
  void begin(const char* text) { begin_ = text; }
  // rollback ends the transaction, if one was begun, and does not wait: its
  // answer is read before the next request.
  void rollback();
  // commit is COMMIT; kInternal if the server rolled back instead.
  Status commit();

  // broken is true once the connection failed: it is good for nothing more.
  [[nodiscard]] bool broken() const { return broken_; }
  // usable is what Pool asks before it keeps a connection.
  [[nodiscard]] bool usable() const;
  // retryable is true when the last error was a serialization failure or deadlock.
  [[nodiscard]] bool retryable() const { return state_ == "40001" || state_ == "40P01"; }
  // state is the SQLSTATE of the last error.
  [[nodiscard]] const std::string& state() const { return state_; }

  AuditStream stream;  // numbers what this connection commits
  Uuid crash_mark;     // store/postgres_outcome.h; nil: none

 private:
  struct Prepared;
  PostgresConnection() = default;
  Status connect(const std::string& url);
  Status check_settings();
  Status apply(const Limits& limits);
  Result<Prepared*> prepared(const Statement& statement);
  Result<PostgresResult> run(const Statement& statement, Params params);
  // ready reads what rollback() did not wait for.
  Status ready();
  // send_after_begin sends what `send` does behind the transaction's beginning.
  template <typename Send>
  bool send_after_begin(const Send& send);
  // await collects the answer to what was sent.
  Result<PostgresResult> await(bool sent, std::string_view where);
  PostgresResult last_result();
  bool wait_readable(std::chrono::steady_clock::time_point deadline);
  std::unexpected<Error> failure(const pg_result* result, std::string_view where);

  pg_conn* handle_ = nullptr;
  bool broken_ = false;
  const char* begin_ = nullptr;  // what the next statement begins its transaction with
  bool ending_ = false;          // a ROLLBACK is under way
  std::string state_;
  std::string commit_level_;
  std::chrono::milliseconds answer_limit_{15'000};
  std::uint64_t names_ = 0;
  std::unordered_map<const Statement*, std::unique_ptr<Prepared>> statements_;
};

}  // namespace quantumapi::store
