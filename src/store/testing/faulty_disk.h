// FaultyDisk: a SQLite VFS over the default one that fails when told to.
#pragma once

#include <functional>

namespace quantumapi::store::testing {

// FaultyDisk is one for the program. But for fail_file_syncs only the write-ahead
// log is affected: it is where every commit goes.
class FaultyDisk {
 public:
  // name registers the VFS and gives its name for sqlite3_open_v2.
  static const char* name();
  // fail_writes lets `count` writes pass and answers `code` to all that follow.
  static void fail_writes(int code, int count);
  // fail_syncs answers `code` to every sync.
  static void fail_syncs(int code);
  // fail_file_syncs does so for the file that the log is moved into.
  static void fail_file_syncs(int code);
  // at_syncs is called by every sync before it begins, of the log or of the file. Set it while
  // nothing is written.
  static void at_syncs(std::function<void(bool of_log)> call);
  static void mend();
  // failed is how many calls were refused since the last mend.
  static int failed();
};

}  // namespace quantumapi::store::testing
