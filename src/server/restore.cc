#include "server/restore.h"

#include "store/sqlite_restore.h"

namespace quantumapi::server {

Status restore(const Config& config, std::ostream& out) {
  if (!config.database.empty())
    return fail(Code::kInvalidArgument,
                "the store is in PostgreSQL: restore it with psql or pg_restore");
  TRY(store::restore_sqlite(config.data, config.backup));
  out << "The store is now what " << config.backup
      << " was. The key journal stays as it is, the newest: serve applies what the backup lacks.\n";
  return {};
}

}  // namespace quantumapi::server
