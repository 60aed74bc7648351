// SqliteCheckpointer: moves the write-ahead log into the file, beside the writer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "store/engine.h"
#include "store/sqlite_connection.h"

namespace quantumapi::store {

// SqliteCheckpointer moves what has come to the log, and syncs the file, each
// time that kPagesToMove more are there. While the writer never rests the log
// can't be emptied from this thread, because by the end of a move more has come:
// right after one that leaves a long log the writer moves the small remainder
// between two commits, and begins the log anew.
class SqliteCheckpointer {
 public:
  static constexpr int kPagesToMove = 1024;       // 8 MiB
  static constexpr int kPagesTooMany = 4 * 1024;  // 32 MiB

  // `failed_sync` is called when an fsync failed.
  SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection, Logger& log,
                     std::function<void()> failed_sync);
  ~SqliteCheckpointer();  // empties the log, if nothing reads it

  // committed tells how long the log is after a commit. True when the writer
  // is to checkpoint now.
  [[nodiscard]] bool committed(int wal_pages);

 private:
  void loop();
  void checkpoint(bool truncate);

  std::unique_ptr<SqliteConnection> connection_;
  Logger& log_;
  std::function<void()> failed_sync_;
  std::mutex mutex_;
  std::condition_variable wake_;
  int pages_ = 0;                // of the log
  int seen_ = 0;                 // of them, when the last move began
  bool left_to_writer_ = false;  // the log is long, and all but a little of it is moved
  bool rested_ = true;           // no commit since the last look
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::store
