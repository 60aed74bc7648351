#include "store/sqlite_connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

namespace quantumapi::store {
namespace {

constexpr int kPatience = 5'000;  // milliseconds, for a lock

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

  [[nodiscard]] bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t integer(int column) const override {
    return has(column, SQLITE_INTEGER) ? sqlite3_column_int64(statement_, column) : 0;
  }
  [[nodiscard]] std::string_view text(int column) const override {
    if (!has(column, SQLITE_TEXT)) return {};
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  [[nodiscard]] ByteView blob(int column) const override {
    if (!has(column, SQLITE_BLOB)) return {};
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  // wrong_column is the first one that was asked for another type; -1 if none.
  [[nodiscard]] int wrong_column() const { return wrong_column_; }

 private:
  bool has(int column, int type) const {
    if (sqlite3_column_type(statement_, column) == type) return true;
    if (wrong_column_ < 0) wrong_column_ = column;
    return false;
  }

  sqlite3_stmt* statement_;
  mutable int wrong_column_ = -1;
};

int bind(sqlite3_stmt* statement, int index, const Param::Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return sqlite3_bind_int64(statement, index, *integer);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const char* data = text->data() == nullptr ? "" : text->data();
    return sqlite3_bind_text64(statement, index, data, text->size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<ByteView>(&value)) {
    if (blob->empty()) return sqlite3_bind_zeroblob(statement, index, 0);
    return sqlite3_bind_blob64(statement, index, blob->data(), blob->size(), SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, index);
}

// The order of octets, which is what PostgreSQL's "C" is for UTF-8.
int compare_octets(void*, int size_a, const void* a, int size_b, const void* b) {
  const std::string_view left(static_cast<const char*>(a), static_cast<std::size_t>(size_a));
  const std::string_view right(static_cast<const char*>(b), static_cast<std::size_t>(size_b));
  return left.compare(right);
}

int note_wal_pages(void* pages, sqlite3*, const char*, int in_log) {
  *static_cast<int*>(pages) = in_log;
  return SQLITE_OK;
}

Code code_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
      return Code::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kDataLoss;
    default:
      return Code::kInternal;
  }
}

}  // namespace

struct SqliteConnection::Prepared {
  Prepared(sqlite3_stmt* h, std::string_view s) : handle(h), sql(s) {
    for (int i = 1; i <= sqlite3_bind_parameter_count(handle); ++i) {
      const char* name = sqlite3_bind_parameter_name(handle, i);
      names.emplace_back(name == nullptr ? "" : name + 1);
    }
  }
  ~Prepared() { sqlite3_finalize(handle); }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  sqlite3_stmt* handle;
  std::string sql;
  std::vector<std::string> names;
  bool busy = false;
};

// Use resets a statement when it is done, so that it holds neither locks nor
// pointers into its caller's memory.
class SqliteConnection::Use {
 public:
  explicit Use(Prepared& prepared) : prepared_(prepared) { prepared_.busy = true; }
  ~Use() {
    sqlite3_reset(prepared_.handle);
    sqlite3_clear_bindings(prepared_.handle);
    prepared_.busy = false;
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  Prepared& prepared_;
};

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const Settings& settings) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection);
  SqliteConnection& c = *connection;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int code = sqlite3_open_v2(settings.path.c_str(), &c.handle_, flags, settings.vfs);
  if (code != SQLITE_OK) TRY(c.failure(code, "open"));
  sqlite3_busy_timeout(c.handle_, kPatience);
  code = sqlite3_create_collation(c.handle_, "C", SQLITE_UTF8, nullptr, compare_octets);
  if (code != SQLITE_OK) TRY(c.failure(code, "collation"));
  // LIKE minds case, as in PostgreSQL; trusted_schema off: the file's own SQL calls nothing of
  // ours.
  TRY(c.script(
      "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
      "PRAGMA case_sensitive_like = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"));
  // What the audit sequencer takes away was written a moment ago: 8 MiB still hold it.
  TRY(c.script(settings.read_only ? "PRAGMA query_only = ON;" : "PRAGMA cache_size = -8192;"));
  sqlite3_wal_hook(c.handle_, note_wal_pages, &c.wal_pages_);
  return connection;
}

SqliteConnection::~SqliteConnection() {
  statements_.clear();
  sqlite3_close_v2(handle_);
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Status SqliteConnection::failure(int code, std::string_view where) {
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) failed_to_sync_ = true;
  if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
    return fail(Code::kConflict, "a row that others refer to stands in the way", "foreign_key");
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
    return fail(Code::kConflict, "a unique row stands in the way", "unique");
  const Code kind = code_of(code);
  const char* detail = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  return fail(kind, fmt::format("{}: {} (SQLite {})", where, detail, code),
              kind == Code::kUnavailable ? std::string(kStoreUnavailable) : std::string());
}

Result<std::unique_ptr<SqliteConnection::Prepared>> SqliteConnection::prepare(
    const Statement& statement) {
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_, statement.sql.data(), static_cast<int>(statement.sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) TRY(failure(code, statement.name));
  if (handle == nullptr)
    return fail(Code::kInternal, fmt::format("{}: empty statement", statement.name));
  return std::make_unique<Prepared>(handle, statement.sql);
}

// A statement that is used inside its own rows gets a second handle for that
// time. The text is compared because another constant may come to lie at the
// same address.
Result<SqliteConnection::Prepared*> SqliteConnection::prepared(
    const Statement& statement, std::unique_ptr<Prepared>& temporary) {
  const auto it = statements_.find(&statement);
  if (it != statements_.end() && !it->second->busy && it->second->sql == statement.sql)
    return it->second.get();
  TRY_ASSIGN(auto fresh, prepare(statement));
  if (it != statements_.end() && it->second->busy) {
    temporary = std::move(fresh);
    return temporary.get();
  }
  Prepared* kept = fresh.get();
  statements_[&statement] = std::move(fresh);
  return kept;
}

Status SqliteConnection::step_all(const Statement& statement, Params params,
                                  const RowFunction* row) {
  std::unique_ptr<Prepared> temporary;
  TRY_ASSIGN(Prepared * entry, prepared(statement, temporary));
  const Use use(*entry);
  if (params.size() != entry->names.size())
    return fail(Code::kInternal, fmt::format("{}: {} parameters given, {} in the text",
                                             statement.name, params.size(), entry->names.size()));
  for (int index = 0; const std::string& name : entry->names) {
    ++index;
    const auto* param = std::ranges::find(params, name, &Param::name);
    if (param == params.end())
      return fail(Code::kInternal, fmt::format("{}: :{} is not given", statement.name, name));
    if (const auto* text = std::get_if<std::string_view>(&param->value)) TRY(check_text(*text));
    const int code = bind(entry->handle, index, param->value);
    if (code != SQLITE_OK) return failure(code, statement.name);
  }
  int code = sqlite3_step(entry->handle);
  for (; code == SQLITE_ROW; code = sqlite3_step(entry->handle)) {
    if (row == nullptr) continue;
    const SqliteRow view(entry->handle);
    Status answer = (*row)(view);
    if (view.wrong_column() >= 0)
      return fail(Code::kInternal, fmt::format("{}: column {} has another type", statement.name,
                                               view.wrong_column()));
    if (!answer) return answer;
  }
  return code == SQLITE_DONE ? Status{} : failure(code, statement.name);
}

Status SqliteConnection::each(const Statement& statement, Params params, const RowFunction& row) {
  return step_all(statement, params, &row);
}

Result<std::int64_t> SqliteConnection::execute(const Statement& statement, Params params) {
  const std::int64_t before = sqlite3_total_changes64(handle_);
  TRY(step_all(statement, params, nullptr));
  // changes64 keeps its value over statements that change nothing.
  return sqlite3_total_changes64(handle_) == before ? 0 : sqlite3_changes64(handle_);
}

Status SqliteConnection::script(std::string_view sql) {
  const std::string text(sql);
  const int code = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status{} : failure(code, "script");
}

// A checkpoint that truncates holds the writers' lock while it syncs and while it waits for
// readers: it is left nothing to sync, and no patience.
Result<bool> SqliteConnection::checkpoint(bool truncate) {
  int in_log = 0;
  int moved = 0;
  const auto run = [&](int mode) {
    return sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, &in_log, &moved);
  };
  const auto is_busy = [](int code) {
    return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED;
  };
  int code = run(SQLITE_CHECKPOINT_PASSIVE);
  const bool whole = code == SQLITE_OK && in_log == moved;
  if (whole && truncate) {
    sqlite3_busy_timeout(handle_, 0);
    code = run(SQLITE_CHECKPOINT_TRUNCATE);
    sqlite3_busy_timeout(handle_, kPatience);
    if (is_busy(code)) return true;
  }
  if (is_busy(code)) return false;
  if (code != SQLITE_OK) TRY(failure(code, "checkpoint"));
  return in_log == moved;
}

Status SqliteConnection::sync_file() {
  sqlite3_file* file = nullptr;
  int code = sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code == SQLITE_OK) code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  return code == SQLITE_OK ? Status{} : failure(code, "sync");
}

}  // namespace quantumapi::store
