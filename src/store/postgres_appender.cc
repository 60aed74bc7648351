#include "store/postgres_appender.h"

#include "store/audit_frame.h"
#include "store/postgres_transaction.h"

namespace quantumapi::store {
namespace {

constexpr int kMostAttempts = 3;

Status nothing(Transaction&) { return {}; }

}  // namespace

PostgresAppender::PostgresAppender(std::string url, Connect connect, Logger& log)
    : url_(std::move(url)), connect_(std::move(connect)), log_(log), thread_([this] { loop(); }) {}

PostgresAppender::~PostgresAppender() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void PostgresAppender::append(const std::vector<AuditEvent>& events, Database::Done done) {
  thread_local Bytes frames;
  frames.clear();
  for (const AuditEvent& event : events) append_frame(frames, event);
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() + frames.size() <= kMostWaiting) {
      waiting_.add(frames, static_cast<std::int64_t>(events.size()));
      dones_.push_back(std::move(done));
      done = nullptr;
    }
  }
  if (done)
    return done(
        fail(Code::kUnavailable, "too many audit events wait", std::string(kStoreUnavailable)));
  wake_.notify_one();
}

void PostgresAppender::loop() {
  AuditBatch batch;
  std::vector<Database::Done> dones;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || !dones_.empty(); });
      if (dones_.empty()) return;
      std::swap(batch, waiting_);
      std::swap(dones, dones_);
    }
    Status status;
    if (!batch.empty()) status = commit(batch);
    if (!status)
      log_.error("audit events could not be stored",
                 {{"error", std::string_view(status.error().message)}});
    for (Database::Done& done : dones) done(status);
    batch.clear();
    dones.clear();
  }
}

Status PostgresAppender::commit(AuditBatch& batch) {
  Status last;
  for (int i = 0; i < kMostAttempts; ++i) {
    if (!connection_ || !connection_->usable()) {
      connection_.reset();
      TRY_ASSIGN(connection_, connect_());
    }
    Attempt attempt = attempt_change(*connection_, url_, Isolation::kReadCommitted, nothing, batch);
    if (attempt.end == Attempt::End::kAnswered) return std::move(attempt.status);
    last = std::move(attempt.status);
  }
  return last;
}

}  // namespace quantumapi::store
