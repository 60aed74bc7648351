#include "store/postgres_appender.h"

#include "store/postgres_transaction.h"

namespace quantumapi::store {
namespace {

constexpr int kMostAttempts = 3;

Status nothing(Transaction&) { return {}; }

}  // namespace

PostgresAppender::PostgresAppender(std::string url, Connect connect)
    : url_(std::move(url)), connect_(std::move(connect)), thread_([this] { loop(); }) {}

PostgresAppender::~PostgresAppender() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void PostgresAppender::append(const std::vector<AuditEvent>& events, Database::Done done) {
  const ByteView frames = WaitingAppends::encode(events);
  bool added = false;
  {
    const std::scoped_lock lock(mutex_);
    added = waiting_.add(frames, events.size(), done);
  }
  if (!added) return done(WaitingAppends::refused());
  wake_.notify_one();
}

void PostgresAppender::loop() {
  AuditBatch batch;
  std::vector<Database::Done> dones;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      waiting_.take(batch, dones);
    }
    Status status;
    if (!batch.empty()) status = commit(batch);
    for (Database::Done& done : dones) done(status);
    batch.clear();
    dones.clear();
  }
}

Status PostgresAppender::commit(AuditBatch& batch) {
  for (int i = 0; i < kMostAttempts; ++i) {
    if (!connection_ || !connection_->usable()) {
      connection_.reset();
      TRY_ASSIGN(connection_, connect_());
    }
    Attempt attempt = attempt_change(*connection_, url_, Isolation::kReadCommitted, nothing, batch);
    if (attempt.end == Attempt::End::kAnswered) return std::move(attempt.status);
  }
  return fail(Code::kUnavailable, "the store does not answer", std::string(kStoreUnavailable));
}

}  // namespace quantumapi::store
