#include "store/postgres_health.h"

namespace quantumapi::store {
namespace {

constexpr std::chrono::milliseconds kLongest{1800};

}  // namespace

PostgresHealth::PostgresHealth(std::string url)
    : url_(std::move(url)), thread_([this] { loop(); }) {}

PostgresHealth::~PostgresHealth() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Status PostgresHealth::healthy() {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = ++asked_;
  changed_.notify_all();
  if (changed_.wait_for(lock, kLongest, [&] { return answered_ >= mine; })) return answer_;
  return fail(Code::kUnavailable, "the store does not answer", std::string(kStoreUnavailable));
}

void PostgresHealth::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || asked_ > answered_; });
    if (stop_) return;
    const std::uint64_t question = asked_;
    lock.unlock();
    Status answer = probe();
    lock.lock();
    answer_ = std::move(answer);
    answered_ = question;
    changed_.notify_all();
  }
}

// A connection that broke since the last question says nothing about the
// server now, so it is asked once more on a new one.
Status PostgresHealth::probe() {
  if (connection_ && connection_->script("SELECT 1")) return {};
  connection_.reset();
  TRY_ASSIGN(connection_,
             PostgresConnection::open(url_, {.statement = std::chrono::milliseconds(1500)}));
  return connection_->script("SELECT 1");
}

}  // namespace quantumapi::store
