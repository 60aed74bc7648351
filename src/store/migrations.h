// Migrations: the numbered, forward-only history of the schema.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace quantumapi::store {

// Migration is one file of src/store/migrations, NNNN_title.sql, compiled in.
// Written in PostgreSQL's types; for SQLite the loader maps BYTEA to BLOB and
// BIGINT to INTEGER. A line "-- sqlite only" or "-- postgres only" opens a part
// for one engine until "-- both". "-- no transaction" on the first line runs
// the file outside one (concurrent index builds).
struct Migration {
  int number;
  std::string_view title;
  std::string_view sql;
};

std::span<const Migration> migrations();

// check_sql refuses text that works on one engine only (now(), RETURNING
// serial ids, ANY, identity columns, FOR UPDATE, AUTOINCREMENT, ORDER BY
// without NULLS on nullable columns marked so, …). kInvalidArgument says which.
Status check_sql(std::string_view sql);

}  // namespace quantumapi::store
