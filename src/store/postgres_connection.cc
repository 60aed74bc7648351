#include "store/postgres_connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "store/postgres_row.h"

namespace quantumapi::store {
namespace {

constexpr int kBinaryFormat = 1;
constexpr int kOldestServer = 130'000;

std::unexpected<Error> unavailable(std::string why) {
  return fail(Code::kUnavailable, std::move(why), std::string(kStoreUnavailable));
}

bool starts(std::string_view state, std::string_view with) { return state.starts_with(with); }

// A FATAL of these classes is followed by the end of the connection.
bool ends_connection(std::string_view state) { return starts(state, "08") || starts(state, "57P"); }

void ignore_notice(void*, const char*) {}

Error error_of(std::string_view state, std::string message) {
  if (state == "23505") return {Code::kConflict, "a unique row stands in the way", "unique"};
  if (state == "23503")
    return {Code::kConflict, "a row that others refer to stands in the way", "foreign_key"};
  // 40 rollback, 53 resources, 55P03 and 57014 timeouts, 57P/08 connection, 58 I/O.
  const bool passes = starts(state, "40") || starts(state, "53") || state == "55P03" ||
                      state == "57014" || starts(state, "58") || ends_connection(state);
  if (passes || state.empty())
    return {Code::kUnavailable, std::move(message), std::string(kStoreUnavailable)};
  if (state == "XX001" || state == "XX002") return {Code::kDataLoss, std::move(message)};
  return {Code::kInternal, std::move(message)};
}

}  // namespace

void ClearPostgresResult::operator()(pg_result* result) const { PQclear(result); }

struct PostgresConnection::Prepared {
  std::string sql;  // as the Statement has it
  std::string name;
  std::vector<std::string> parameters;
  std::vector<Oid> types;
};

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(const std::string& url,
                                                                     const Limits& limits) {
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection);
  TRY(connection->connect(url));
  TRY(connection->check_settings());
  TRY(connection->apply(limits));
  return connection;
}

PostgresConnection::~PostgresConnection() { PQfinish(handle_); }

bool PostgresConnection::usable() const {
  return !broken_ && (ending_ || PQtransactionStatus(handle_) == PQTRANS_IDLE);
}

Status PostgresConnection::connect(const std::string& url) {
  // What the URL says comes last and so prevails.
  static constexpr const char* kNames[] = {"connect_timeout",
                                           "tcp_user_timeout",
                                           "keepalives",
                                           "keepalives_idle",
                                           "keepalives_interval",
                                           "keepalives_count",
                                           "target_session_attrs",
                                           "application_name",
                                           "client_encoding",
                                           "dbname",
                                           nullptr};
  const char* const values[] = {"2",          "5000",       "1",    "5",         "2",    "2",
                                "read-write", "quantumapi", "UTF8", url.c_str(), nullptr};
  handle_ = PQconnectdbParams(kNames, values, 1);
  PQsetNoticeProcessor(handle_, ignore_notice, nullptr);  // libpq's own writes to stderr
  if (PQstatus(handle_) == CONNECTION_OK) return {};
  broken_ = true;
  return unavailable(fmt::format("cannot connect to PostgreSQL: {}", PQerrorMessage(handle_)));
}

Status PostgresConnection::check_settings() {
  static constexpr Statement kSettings{
      "store.settings",
      R"sql(SELECT current_setting('fsync'), current_setting('synchronous_commit'),
                   current_setting('server_encoding'))sql"};
  if (PQserverVersion(handle_) < kOldestServer)
    return fail(Code::kConflict, "PostgreSQL is older than version 13");
  std::string fsync;
  std::string encoding;
  TRY(each(kSettings, {}, [&](const Row& row) -> Status {
    fsync = row.text(0);
    commit_level_ = row.text(1);
    encoding = row.text(2);
    return {};
  }));
  if (fsync != "on")
    return fail(Code::kConflict,
                "PostgreSQL runs with fsync=off: it would lose acknowledged changes");
  if (commit_level_ == "off")
    return fail(Code::kConflict,
                "PostgreSQL runs with synchronous_commit=off: it would lose acknowledged changes");
  if (encoding != "UTF8") return fail(Code::kConflict, "the database's encoding is not UTF8");
  return {};
}

// The commit level is set here too, so that a later ALTER SYSTEM does not
// weaken it; remote_apply, the one stronger than on, is kept.
Status PostgresConnection::apply(const Limits& limits) {
  if (limits.statement.count() > 0) answer_limit_ = limits.statement + std::chrono::seconds(5);
  if (limits.statement.count() == 0) answer_limit_ = std::chrono::hours(24);
  return script(fmt::format(
      "SET synchronous_commit = {}; SET statement_timeout = {}; SET lock_timeout = {};"
      "SET idle_in_transaction_session_timeout = 60000; SET standard_conforming_strings = on",
      commit_level_ == "remote_apply" ? "remote_apply" : "on", limits.statement.count(),
      limits.lock.count()));
}

bool PostgresConnection::wait_readable(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0) return false;
  pollfd watched{PQsocket(handle_), POLLIN, 0};
  const int ready = ::poll(&watched, 1, static_cast<int>(left.count()));
  return ready > 0 || (ready < 0 && errno == EINTR);
}

// last_result reads all results of a request and keeps the first that failed,
// else the last. Null when the server did not answer in time or went away. In a
// pipeline a null ends one statement's results and a sync ends the request.
PostgresResult PostgresConnection::last_result() {
  const auto deadline = std::chrono::steady_clock::now() + answer_limit_;
  const bool pipeline = PQpipelineStatus(handle_) != PQ_PIPELINE_OFF;
  PostgresResult kept;
  for (;;) {
    while (PQisBusy(handle_) != 0) {
      if (!wait_readable(deadline) || PQconsumeInput(handle_) == 0) {
        broken_ = true;
        return kept;
      }
    }
    PostgresResult result(PQgetResult(handle_));
    if (!result && pipeline && PQstatus(handle_) == CONNECTION_OK) continue;
    if (!result) return kept;
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) {
      broken_ = PQexitPipelineMode(handle_) != 1;
      return kept;
    }
    const bool failed = kept && PQresultStatus(kept.get()) == PGRES_FATAL_ERROR;
    if (!failed) kept = std::move(result);
  }
}

std::unexpected<Error> PostgresConnection::failure(const pg_result* result,
                                                   std::string_view where) {
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* detail =
      result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  state_ = state == nullptr ? "" : state;
  // Without a state it is libpq's own error: the connection is in doubt.
  if (state_.empty() || ends_connection(state_) || PQstatus(handle_) == CONNECTION_BAD)
    broken_ = true;
  return std::unexpected(
      error_of(state_, fmt::format("{}: {} (PostgreSQL {})", where,
                                   detail == nullptr ? PQerrorMessage(handle_) : detail, state_)));
}

Result<PostgresResult> PostgresConnection::await(bool sent, std::string_view where) {
  if (!sent) return failure(nullptr, where);
  PostgresResult result = last_result();
  const ExecStatusType status = PQresultStatus(result.get());
  // A migration of which nothing is for PostgreSQL is an empty query.
  const bool done =
      status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
  if (!broken_ && done) return result;
  return failure(result.get(), where);
}

Status PostgresConnection::ready() {
  if (std::exchange(ending_, false) && PQresultStatus(last_result().get()) != PGRES_COMMAND_OK)
    broken_ = true;
  if (broken_) return unavailable("the connection is broken");
  return {};
}

void PostgresConnection::rollback() {
  const bool begun = std::exchange(begin_, nullptr) == nullptr;
  if (!begun || broken_) return;
  ending_ = PQsendQuery(handle_, "ROLLBACK") == 1;
  broken_ = !ending_;
}

Status PostgresConnection::script(std::string_view sql) {
  TRY(ready());
  TRY(await(PQsendQuery(handle_, std::string(sql).c_str()) == 1, "script"));
  return {};
}

Status PostgresConnection::commit() {
  TRY(ready());
  TRY_ASSIGN(const PostgresResult result, await(PQsendQuery(handle_, "COMMIT") == 1, "commit"));
  if (std::string_view(PQcmdStatus(result.get())) == "COMMIT") return {};
  return fail(Code::kInternal, "PostgreSQL rolled back what was to be committed");
}

Result<PostgresConnection::Prepared*> PostgresConnection::prepared(const Statement& statement) {
  const std::string_view sql = statement.postgres.empty() ? statement.sql : statement.postgres;
  auto& entry = statements_[&statement];
  // The text is compared because another constant may come to lie at the same address.
  if (entry && entry->sql == sql) return entry.get();
  NumberedSql numbered = number_parameters(sql);
  auto fresh = std::make_unique<Prepared>();
  fresh->sql = sql;
  fresh->name = fmt::format("s{}", ++names_);
  fresh->parameters = std::move(numbered.names);
  const char* name = fresh->name.c_str();
  TRY(await(PQsendPrepare(handle_, name, numbered.text.c_str(), 0, nullptr) == 1, statement.name));
  TRY_ASSIGN(const PostgresResult described,
             await(PQsendDescribePrepared(handle_, name) == 1, statement.name));
  for (int i = 0; i < PQnparams(described.get()); ++i)
    fresh->types.push_back(PQparamtype(described.get(), i));
  entry = std::move(fresh);
  return entry.get();
}

template <typename Send>
bool PostgresConnection::send_after_begin(const Send& send) {
  const char* begin = std::exchange(begin_, nullptr);
  if (begin == nullptr) return send();
  return PQenterPipelineMode(handle_) == 1 &&
         PQsendQueryParams(handle_, begin, 0, nullptr, nullptr, nullptr, nullptr, 0) == 1 &&
         send() && PQpipelineSync(handle_) == 1;
}

Result<PostgresResult> PostgresConnection::run(const Statement& statement, Params params) {
  TRY(ready());
  TRY_ASSIGN(const Prepared* entry, prepared(statement));
  if (params.size() != entry->parameters.size())
    return fail(Code::kInternal,
                fmt::format("{}: {} parameters given, {} in the text", statement.name,
                            params.size(), entry->parameters.size()));
  PostgresParameters bound(params.size());
  for (std::size_t i = 0; i < entry->parameters.size(); ++i) {
    const auto* param = std::ranges::find(params, entry->parameters[i], &Param::name);
    if (param == params.end())
      return fail(Code::kInternal,
                  fmt::format("{}: :{} is not given", statement.name, entry->parameters[i]));
    const Status added = bound.add(param->value, entry->types[i]);
    if (!added)
      return fail(added.error().code,
                  fmt::format("{}: :{}: {}", statement.name, param->name, added.error().message));
  }
  const auto send = [&] {
    return PQsendQueryPrepared(handle_, entry->name.c_str(), bound.count(), bound.values(),
                               bound.lengths(), bound.formats(), kBinaryFormat) == 1;
  };
  return await(send_after_begin(send), statement.name);
}

Status PostgresConnection::each(const Statement& statement, Params params, const RowFunction& row) {
  TRY_ASSIGN(const PostgresResult result, run(statement, params));
  for (int i = 0; i < PQntuples(result.get()); ++i) {
    const PostgresRow view(result.get(), i);
    Status answer = row(view);
    if (view.wrong_column() >= 0)
      return fail(Code::kInternal, fmt::format("{}: column {} has another type", statement.name,
                                               view.wrong_column()));
    if (!answer) return answer;
  }
  return {};
}

Result<std::int64_t> PostgresConnection::execute(const Statement& statement, Params params) {
  TRY_ASSIGN(const PostgresResult result, run(statement, params));
  const std::string_view affected = PQcmdTuples(result.get());
  std::int64_t rows = 0;
  std::from_chars(affected.data(), affected.data() + affected.size(), rows);
  return rows;
}

}  // namespace quantumapi::store
