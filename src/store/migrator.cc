#include "store/migrator.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "store/sql_text.h"

namespace quantumapi::store {
namespace {

constexpr Statement kState{"store.schema_state",
                           R"sql(SELECT (SELECT count(*) FROM sqlite_schema
                  WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_'),
                 (SELECT count(*) FROM pragma_table_info('schema_migrations')
                  WHERE name IN ('number', 'title', 'checksum', 'applied_at')))sql",
                           R"sql(SELECT (SELECT count(*) FROM pg_catalog.pg_class c
                  JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
                  WHERE s.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')),
                 (SELECT count(*) FROM pg_catalog.pg_attribute a
                  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                  JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
                  WHERE s.nspname = current_schema() AND c.relname = 'schema_migrations'
                    AND NOT a.attisdropped
                    AND a.attname IN ('number', 'title', 'checksum', 'applied_at')))sql"};

constexpr std::string_view kHistory = R"sql(CREATE TABLE IF NOT EXISTS schema_migrations (
  number BIGINT NOT NULL PRIMARY KEY,
  title TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied_at BIGINT NOT NULL
);)sql";

constexpr Statement kApplied{"store.applied_migrations",
                             R"sql(SELECT number, title, checksum FROM schema_migrations
                                   ORDER BY number)sql"};

constexpr Statement kNote{"store.note_migration",
                          R"sql(INSERT INTO schema_migrations (number, title, checksum, applied_at)
                                VALUES (:number, :title, :checksum, :applied_at))sql"};

std::string checksum(const Migration& migration) {
  return base::to_hex(crypto::sha256(as_bytes(migration.sql)));
}

bool wants_no_transaction(const Migration& migration) {
  return migration.sql.starts_with("-- no transaction\n");
}

// chosen_parts drops the lines of parts that are for the other engine.
std::string chosen_parts(std::string_view sql, Dialect dialect) {
  const std::string_view other =
      dialect == Dialect::kSqlite ? "-- postgres only" : "-- sqlite only";
  std::string out;
  bool skip = false;
  while (!sql.empty()) {
    const std::size_t end = std::min(sql.find('\n'), sql.size() - 1) + 1;
    const std::string_view line = sql.substr(0, end);
    sql.remove_prefix(end);
    const std::string_view mark = line.substr(0, line.find_last_not_of(" \r\n") + 1);
    if (mark == "-- both" || mark == "-- sqlite only" || mark == "-- postgres only")
      skip = mark == other;
    if (!skip) out += line;
  }
  return out;
}

std::string_view sqlite_type(const Token& token) {
  if (token.is("BYTEA")) return "BLOB";
  if (token.is("BIGINT")) return "INTEGER";
  return token.text;
}

void append_for_sqlite(std::string_view statement, std::string& out) {
  const std::vector<Token> tokens = tokenize(statement);
  const char* copied = statement.data();
  for (const Token& token : tokens) {
    const std::string_view type = sqlite_type(token);
    if (type.data() == token.text.data()) continue;
    out.append(copied, token.text.data()).append(type);
    copied = token.text.data() + token.text.size();
  }
  out.append(copied, statement.data() + statement.size());
  const bool table = tokens.size() > 2 && tokens[0].is("CREATE") && tokens[1].is("TABLE");
  out += table && tokens.back().is(")") ? " STRICT;\n" : ";\n";
}

std::string for_sqlite(std::string_view sql) {
  std::string out;
  for (const std::string_view statement : split_statements(sql)) append_for_sqlite(statement, out);
  return out;
}

Status run_alone(Connection& connection, const Migration& migration) {
  const std::string sql = engine_sql(migration.sql, connection.dialect());
  // PostgreSQL makes a transaction of statements that are sent together.
  for (const std::string_view statement : split_statements(sql)) TRY(connection.script(statement));
  return {};
}

Status note(Connection& connection, const Migration& migration, const Clock& clock) {
  TRY(connection.execute(kNote, {{"number", migration.number},
                                 {"title", migration.title},
                                 {"checksum", checksum(migration)},
                                 {"applied_at", clock.wall()}}));
  return {};
}

Status run_and_note(Connection& connection, const Migration& migration, const Clock& clock) {
  TRY(connection.script(engine_sql(migration.sql, connection.dialect())));
  TRY(note(connection, migration, clock));
  return connection.script("COMMIT");
}

struct Applied {
  std::int64_t number;
  std::string title;
  std::string checksum;
};

Result<std::vector<Applied>> applied_migrations(Connection& connection) {
  std::vector<Applied> applied;
  TRY(connection.each(kApplied, {}, [&](const Row& row) -> Status {
    applied.push_back({row.integer(0), std::string(row.text(1)), std::string(row.text(2))});
    return {};
  }));
  return applied;
}

Status same(const Applied& applied, const Migration& known) {
  if (applied.number == known.number && applied.checksum == checksum(known)) return {};
  return fail(
      Code::kConflict,
      fmt::format("the database was migrated by another build: its migration {} ({}) is not "
                  "our {} ({}); nothing was changed",
                  applied.number, applied.title, known.number, known.title));
}

}  // namespace

Result<SchemaState> schema_state(Connection& connection) {
  std::int64_t tables = 0;
  std::int64_t history_columns = 0;
  TRY(connection.each(kState, {}, [&](const Row& row) -> Status {
    tables = row.integer(0);
    history_columns = row.integer(1);
    return {};
  }));
  const bool history = history_columns == 4;
  if (tables == 0 || (tables == 1 && history)) return SchemaState::kEmpty;
  return history ? SchemaState::kOurs : SchemaState::kForeign;
}

std::string engine_sql(std::string_view sql, Dialect dialect) {
  std::string chosen = chosen_parts(sql, dialect);
  return dialect == Dialect::kSqlite ? for_sqlite(chosen) : chosen;
}

Result<std::vector<const Migration*>> pending_migrations(Connection& connection,
                                                         std::span<const Migration> known) {
  TRY_ASSIGN(const SchemaState state, schema_state(connection));
  if (state == SchemaState::kForeign)
    return fail(Code::kConflict,
                "the database holds tables that are not ours; nothing was changed");
  std::vector<Applied> applied;
  if (state == SchemaState::kOurs) {
    TRY_ASSIGN(applied, applied_migrations(connection));
  }
  if (applied.size() > known.size())
    return fail(
        Code::kConflict,
        fmt::format("the database is newer (migration {}) than this program (migration {}); "
                    "nothing was changed",
                    applied.back().number, known.empty() ? 0 : known.back().number));
  for (std::size_t i = 0; i < applied.size(); ++i) TRY(same(applied[i], known[i]));
  std::vector<const Migration*> pending;
  for (const Migration& migration : known.subspan(applied.size())) pending.push_back(&migration);
  return pending;
}

Status apply_migration(Connection& connection, const Migration& migration, const Clock& clock) {
  if (wants_no_transaction(migration)) {
    TRY(run_alone(connection, migration));
    return note(connection, migration, clock);
  }
  TRY(connection.script("BEGIN"));
  Status status = run_and_note(connection, migration, clock);
  if (!status) (void)connection.script("ROLLBACK");
  if (!status && status.error().code != Code::kUnavailable)
    return fail(status.error().code, fmt::format("migration {} ({}): {}", migration.number,
                                                 migration.title, status.error().message));
  return status;
}

Status make_history(Connection& connection) {
  return connection.script(engine_sql(kHistory, connection.dialect()));
}

Status migrate_sqlite(Connection& connection, std::span<const Migration> known,
                      const Clock& clock) {
  TRY_ASSIGN(const auto pending, pending_migrations(connection, known));
  if (pending.empty()) return {};
  TRY(make_history(connection));
  for (const Migration* migration : pending) TRY(apply_migration(connection, *migration, clock));
  return {};
}

}  // namespace quantumapi::store
