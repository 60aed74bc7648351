#include "store/sqlite_checkpointer.h"

#include <utility>

#include "base/thread_name.h"

namespace quantumapi::store {
namespace {

constexpr std::chrono::seconds kRest{2};

}  // namespace

SqliteCheckpointer::SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection, Logger& log,
                                       std::function<void()> failed_sync)
    : connection_(std::move(connection)),
      log_(log),
      failed_sync_(std::move(failed_sync)),
      thread_([this] { loop(); }) {}

SqliteCheckpointer::~SqliteCheckpointer() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  checkpoint(true);
}

bool SqliteCheckpointer::committed(int wal_pages) {
  bool due = false;
  bool finish = false;
  {
    const std::scoped_lock lock(mutex_);
    rested_ = false;
    if (wal_pages < pages_) seen_ = 0;  // the log began anew
    const int before = pages_ - seen_;
    pages_ = wal_pages;
    due = before < kPagesToMove && pages_ - seen_ >= kPagesToMove;
    finish = std::exchange(left_to_writer_, false);
  }
  if (due) wake_.notify_one();
  return finish;
}

void SqliteCheckpointer::loop() {
  base::name_thread("store-ckpt");
  std::unique_lock lock(mutex_);
  while (!stop_) {
    wake_.wait_for(lock, kRest, [&] { return stop_ || pages_ - seen_ >= kPagesToMove; });
    if (stop_) return;
    const bool idle = rested_ && pages_ > 0;
    const bool due = pages_ - seen_ >= kPagesToMove;
    rested_ = true;
    if (!idle && !due) continue;
    if (idle) pages_ = 0;  // the next commit says how long the log is then
    seen_ = pages_;
    lock.unlock();
    checkpoint(idle);
    lock.lock();
    left_to_writer_ = pages_ > kPagesTooMany;
  }
}

void SqliteCheckpointer::checkpoint(bool truncate) {
  const Result<bool> moved = connection_->checkpoint(truncate);
  // A part of the log leaves the file unsynced; the writer would have to wait for all of it.
  const Status synced = moved && !*moved ? connection_->sync_file() : Status{};
  if (moved && synced) return;
  const Error& error = moved ? synced.error() : moved.error();
  log_.error("checkpoint failed", {{"error", std::string_view(error.message)}});
  if (connection_->failed_to_sync()) failed_sync_();
}

}  // namespace quantumapi::store
