#include "store/sqlite_checkpointer.h"

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

void SqliteCheckpointer::committed(int wal_pages) {
  bool due = false;
  {
    const std::scoped_lock lock(mutex_);
    rested_ = false;
    due = pages_ < kPagesToMove && wal_pages >= kPagesToMove;
    pages_ = wal_pages;
  }
  if (due) wake_.notify_one();
}

void SqliteCheckpointer::loop() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    wake_.wait_for(lock, kRest, [&] { return stop_ || pages_ >= kPagesToMove; });
    if (stop_) return;
    const bool idle = rested_ && pages_ > 0;
    const bool due = pages_ >= kPagesToMove;
    rested_ = true;
    if (!idle && !due) continue;
    pages_ = 0;  // the next commit says how long the log is then
    lock.unlock();
    checkpoint(idle);
    lock.lock();
  }
}

void SqliteCheckpointer::checkpoint(bool truncate) {
  const Result<bool> moved = connection_->checkpoint(truncate);
  if (moved) return;
  log_.error("checkpoint failed", {{"error", std::string_view(moved.error().message)}});
  if (connection_->failed_to_sync()) failed_sync_();
}

}  // namespace quantumapi::store
