// A backup of a SQLite store put in the store's place.
#pragma once

#include <string>

#include "base/result.h"

namespace quantumapi::store {

// restore_sqlite makes a copy of `backup` the store in `directory`, whatever a crash left of the
// one before. SQLite would replay the old write-ahead log over a file that is merely copied, so the
// log goes first. `backup` is one file, whole and ours. kConflict while a server runs on the
// directory; kInvalidArgument says what is wrong with the backup. Where it fails the old store is
// as it was, but for a crash in its last step: then the same call again completes it.
Status restore_sqlite(const std::string& directory, const std::string& backup);

}  // namespace quantumapi::store
