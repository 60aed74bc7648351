// quantumapid restore: a backup becomes the store, with the server stopped.
#pragma once

#include <ostream>

#include "server/config.h"

namespace quantumapi::server {

// restore makes a copy of config.backup the SQLite store in config.data (store/sqlite_restore.h)
// and says what comes next. kInvalidArgument where the store is PostgreSQL, which restores by
// itself.
Status restore(const Config& config, std::ostream& out);

}  // namespace quantumapi::server
