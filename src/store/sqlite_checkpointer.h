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

// SqliteCheckpointer does most of the moving in its thread. While the writer
// never rests the log can't be emptied from there, so due_in_writer asks the
// writer to finish the small remainder between two commits.
class SqliteCheckpointer {
 public:
  static constexpr int kPagesToMove = 512;       // 4 MiB
  static constexpr int kPagesTooMany = 4 * 512;  // 16 MiB

  // `failed_sync` is called when an fsync failed.
  SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection, Logger& log,
                     std::function<void()> failed_sync);
  ~SqliteCheckpointer();  // empties the log, if nothing reads it

  // committed tells how long the log is after a commit.
  void committed(int wal_pages);
  [[nodiscard]] static bool due_in_writer(int wal_pages) { return wal_pages > kPagesTooMany; }

 private:
  void loop();
  void checkpoint(bool truncate);

  std::unique_ptr<SqliteConnection> connection_;
  Logger& log_;
  std::function<void()> failed_sync_;
  std::mutex mutex_;
  std::condition_variable wake_;
  int pages_ = 0;
  bool rested_ = true;  // no commit since the last look
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::store
