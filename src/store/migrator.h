// Bringing a database to the newest schema, one engine-neutral part and one for each engine.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/connection.h"
#include "store/migrations.h"

namespace quantumapi::store {

// schema_state is Database::schema_state on one connection.
Result<SchemaState> schema_state(Connection& connection);

// engine_sql is the text of a migration for one engine: its parts chosen, and
// for SQLite the types mapped and every table STRICT, so that a wrong type is
// an error there as it is in PostgreSQL.
std::string engine_sql(std::string_view sql, Dialect dialect);

// pending_migrations lists what is not applied yet. kConflict when the database
// is another program's, is newer than `known`, or was migrated with other
// texts; nothing was changed then.
Result<std::vector<const Migration*>> pending_migrations(Connection& connection,
                                                         std::span<const Migration> known);

// apply_migration runs one migration and notes it, in one transaction unless
// it asks for none.
Status apply_migration(Connection& connection, const Migration& migration, const Clock& clock);

// make_history creates the table schema_migrations if it is missing.
Status make_history(Connection& connection);

Status migrate_sqlite(Connection& connection, std::span<const Migration> known, const Clock& clock);

}  // namespace quantumapi::store
