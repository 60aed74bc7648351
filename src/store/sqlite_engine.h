// The SQLite engine: one data directory, one process.
#pragma once

#include <functional>
#include <memory>

#include "store/engine.h"

namespace quantumapi::store {

// SqliteSettings are what tests of failing disks replace.
struct SqliteSettings {
  const char* vfs = nullptr;
  // failed_sync ends the process: after a failed fsync the kernel may have
  // dropped what was to be written, and a later success would prove nothing.
  std::function<void()> failed_sync;
};

// open_sqlite serves options.directory. kConflict when another process does,
// or when the file there is not ours.
Result<std::unique_ptr<Engine>> open_sqlite(const Options& options, const Surroundings& around,
                                            SqliteSettings settings);

}  // namespace quantumapi::store
