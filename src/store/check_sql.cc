// check_sql: docs/decisions/0003-sql.md as code.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "store/migrations.h"
#include "store/sql_text.h"

namespace quantumapi::store {
namespace {

using Tokens = std::vector<Token>;

struct Banned {
  std::string_view word;
  std::string_view why;
};

constexpr std::string_view kTimesFromProgram = "times come from the program";
constexpr std::string_view kIdsFromProgram = "ids and numbers come from the program";
constexpr std::string_view kOneEngine = "one engine only";

constexpr auto kBannedWords = std::to_array<Banned>({
    {"now", kTimesFromProgram},
    {"current_timestamp", kTimesFromProgram},
    {"current_time", kTimesFromProgram},
    {"current_date", kTimesFromProgram},
    {"localtime", kTimesFromProgram},
    {"localtimestamp", kTimesFromProgram},
    {"clock_timestamp", kTimesFromProgram},
    {"strftime", kTimesFromProgram},
    {"julianday", kTimesFromProgram},
    {"unixepoch", kTimesFromProgram},
    {"random", kIdsFromProgram},
    {"randomblob", kIdsFromProgram},
    {"gen_random_uuid", kIdsFromProgram},
    {"last_insert_rowid", kIdsFromProgram},
    {"rowid", kIdsFromProgram},
    {"nextval", kIdsFromProgram},
    {"currval", kIdsFromProgram},
    {"lastval", kIdsFromProgram},
    {"serial", kIdsFromProgram},
    {"bigserial", kIdsFromProgram},
    {"identity", kIdsFromProgram},
    {"generated", kIdsFromProgram},
    {"autoincrement", kIdsFromProgram},
    {"any", kOneEngine},
    {"ilike", kOneEngine},
    {"similar", kOneEngine},
    {"glob", kOneEngine},
    {"regexp", kOneEngine},
    {"lateral", kOneEngine},
    {"array", kOneEngine},
    {"unnest", kOneEngine},
    {"generate_series", kOneEngine},
    {"json_each", kOneEngine},
    {"true", "truth is BIGINT 0 or 1"},
    {"false", "truth is BIGINT 0 or 1"},
    {"boolean", "truth is BIGINT 0 or 1"},
    {"upper", "folded columns are computed by the program"},
    {"lower", "folded columns are computed by the program"},
    {"pragma", kOneEngine},
});

constexpr auto kBannedPairs = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"for", "update"},
    {"for", "share"},
    {"for", "no"},
    {"for", "key"},
    {"distinct", "on"},
    {"or", "replace"},
    {"or", "ignore"},
    {"replace", "into"},
    {"skip", "locked"},
    {"without", "rowid"},
});

std::unexpected<Error> refuse(std::string_view what, std::string_view why) {
  return fail(Code::kInvalidArgument, fmt::format("SQL may not use {}: {}", what, why));
}

Status check_token(const Token& token) {
  for (const Banned& banned : kBannedWords) {
    if (token.is(banned.word)) return refuse(banned.word, banned.why);
  }
  if (token.is("::")) return refuse("::", "write CAST, or a .postgres variant");
  if (token.is("~") || token.is("?") || token.is("$") || token.is("["))
    return refuse(token.text, kOneEngine);
  if (token.kind == Token::Kind::kQuoted && token.text != "\"C\"")
    return refuse(token.text, "names are plain words");
  return {};
}

Status check_pairs(const Tokens& tokens) {
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    for (const auto& [first, second] : kBannedPairs) {
      if (tokens[i].is(first) && tokens[i + 1].is(second))
        return refuse(fmt::format("{} {}", first, second), kOneEngine);
    }
    const bool star = tokens[i + 1].is("*");
    const bool selected = tokens[i].is("SELECT") || tokens[i].is(".") || tokens[i].is("RETURNING");
    if (star && selected) return refuse("*", "columns are listed");
  }
  return {};
}

// Column is one "name TYPE …" of a CREATE TABLE or ADD COLUMN.
struct Column {
  Token name;
  Token type;
  bool nullable;
};

bool is_table_constraint(const Token& token) {
  return token.is("PRIMARY") || token.is("UNIQUE") || token.is("CHECK") || token.is("FOREIGN") ||
         token.is("CONSTRAINT");
}

// read_column reads from `at` to the comma or bracket that ends the item.
std::size_t read_column(const Tokens& tokens, std::size_t at, std::vector<Column>& columns) {
  const std::size_t begin = at;
  bool not_null = false;
  for (int depth = 0; at < tokens.size(); ++at) {
    if (tokens[at].is("(")) ++depth;
    if (depth == 0 && (tokens[at].is(",") || tokens[at].is(")") || tokens[at].is(";"))) break;
    if (tokens[at].is(")")) --depth;
    not_null |= tokens[at].is("NULL") && tokens[at - 1].is("NOT");
  }
  if (at - begin >= 2 && !is_table_constraint(tokens[begin]))
    columns.push_back({tokens[begin], tokens[begin + 1], !not_null});
  return at;
}

// Defined is what one statement of a migration adds to a table.
struct Defined {
  std::string_view table;
  std::vector<Column> columns;
};

Defined defined_columns(const Tokens& tokens) {
  Defined defined;
  const auto word = [&](std::string_view text) {
    return std::ranges::find_if(tokens, [&](const Token& t) { return t.is(text); });
  };
  const auto table = word("TABLE");
  if (tokens.empty() || table == tokens.end() || table + 1 == tokens.end()) return defined;
  defined.table = (table + 1)->text;
  if (tokens[0].is("ALTER")) {
    const auto add = word("COLUMN");
    if (add == tokens.end() || !word("ADD")->is("ADD")) return defined;
    read_column(tokens, static_cast<std::size_t>(add - tokens.begin()) + 1, defined.columns);
  } else if (tokens[0].is("CREATE")) {
    const auto open = word("(");
    if (open == tokens.end()) return defined;
    auto at = static_cast<std::size_t>(open - tokens.begin());
    do {
      at = read_column(tokens, at + 1, defined.columns);
    } while (at < tokens.size() && tokens[at].is(","));
  }
  return defined;
}

Status check_types(const Tokens& tokens) {
  for (const Column& column : defined_columns(tokens).columns) {
    if (!column.type.is("BIGINT") && !column.type.is("TEXT") && !column.type.is("BYTEA"))
      return refuse(column.type.text, "columns are BIGINT, TEXT or BYTEA");
  }
  return {};
}

using Nullable = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;

// nullable_columns are those of the compiled-in schema, by table.
const Nullable& nullable_columns() {
  static const Nullable columns = [] {
    Nullable all;
    for (const Migration& migration : migrations()) {
      for (const std::string_view statement : split_statements(migration.sql)) {
        const Defined defined = defined_columns(tokenize(statement));
        for (const Column& column : defined.columns) {
          if (column.nullable) all[std::string(defined.table)].emplace(column.name.text);
        }
      }
    }
    return all;
  }();
  return columns;
}

bool is_nullable(const Tokens& statement, std::string_view column) {
  return std::ranges::any_of(statement, [&](const Token& token) {
    const auto table = nullable_columns().find(token.text);
    return table != nullable_columns().end() && table->second.contains(column);
  });
}

// check_order wants NULLS FIRST or LAST after every nullable column that sorts:
// the engines' defaults are opposite.
Status check_order(const Tokens& tokens) {
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i].is("ORDER") || !tokens[i + 1].is("BY")) continue;
    std::string_view column;
    bool nulls = false;
    int depth = 0;
    for (std::size_t at = i + 2; at <= tokens.size(); ++at) {
      const bool end =
          at == tokens.size() || (depth == 0 && (tokens[at].is(")") || tokens[at].is("LIMIT")));
      if (end || (depth == 0 && tokens[at].is(","))) {
        if (!nulls && is_nullable(tokens, column))
          return refuse(fmt::format("ORDER BY {}", column),
                        "it may be null: say NULLS FIRST or LAST");
        if (end) break;
        column = {};
        nulls = false;
        continue;
      }
      if (tokens[at].is("(")) ++depth;
      if (tokens[at].is(")")) --depth;
      nulls |= tokens[at].is("NULLS");
      const bool name =
          tokens[at].kind == Token::Kind::kWord && is_nullable(tokens, tokens[at].text);
      if (name && !tokens[at].is("NULLS")) column = tokens[at].text;
    }
  }
  return {};
}

Status check_statement(std::string_view sql) {
  const Tokens tokens = tokenize(sql);
  for (const Token& token : tokens) TRY(check_token(token));
  TRY(check_pairs(tokens));
  TRY(check_types(tokens));
  return check_order(tokens);
}

// common_part leaves out the lines that are for one engine.
std::string common_part(std::string_view sql) {
  std::string out;
  bool common = true;
  while (!sql.empty()) {
    const std::size_t end = std::min(sql.find('\n'), sql.size() - 1) + 1;
    const std::string_view line = sql.substr(0, end);
    sql.remove_prefix(end);
    if (line.starts_with("-- sqlite only") || line.starts_with("-- postgres only")) common = false;
    if (line.starts_with("-- both")) common = true;
    if (common) out += line;
  }
  return out;
}

}  // namespace

Status check_sql(std::string_view sql) {
  const std::string common = common_part(sql);
  for (const std::string_view statement : split_statements(common)) TRY(check_statement(statement));
  return {};
}

}  // namespace quantumapi::store
