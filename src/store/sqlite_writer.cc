#include "store/sqlite_writer.h"

#include <optional>

#include "base/thread_name.h"
#include "store/connection_transaction.h"

namespace quantumapi::store {
namespace {

// What a service that renews, or a balancer, begins to notice.
constexpr std::chrono::seconds kLong{1};

constexpr Statement kBegin{"store.begin", "BEGIN IMMEDIATE"};
constexpr Statement kCommit{"store.commit", "COMMIT"};
constexpr Statement kRollback{"store.rollback", "ROLLBACK"};
constexpr Statement kSavepoint{"store.savepoint", "SAVEPOINT one_change"};
constexpr Statement kRelease{"store.release", "RELEASE one_change"};
constexpr Statement kRollbackTo{"store.rollback_to", "ROLLBACK TO one_change"};

std::unexpected<Error> unavailable(std::string why) {
  return fail(Code::kUnavailable, std::move(why), std::string(kStoreUnavailable));
}

}  // namespace

// Change is shared by who waits for it and who carries it out, so that the waiter can be woken
// after the lock was let go: woken under it, it would run only to wait again.
struct SqliteWriter::Change {
  explicit Change(const Body& the_body) : body(the_body) {}

  const Body& body;
  std::vector<Touch> touches;
  Status status;
  std::mutex mutex;
  std::condition_variable finished;
  bool done = false;
};

struct SqliteWriter::Group {
  std::vector<std::shared_ptr<Change>> changes;
  AuditBatch batch;
  std::vector<Database::Done> dones;
};

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteConnection> connection, const Surroundings& around,
                           const Listeners& listeners, SqliteCheckpointer& checkpointer,
                           std::size_t max_waiting, std::function<void()> failed_sync)
    : connection_(std::move(connection)),
      around_(around),
      listeners_(listeners),
      checkpointer_(checkpointer),
      max_waiting_(max_waiting),
      failed_sync_(std::move(failed_sync)),
      outage_(around.log),
      stream_{Uuid::v7(around.clock.wall()), 0},
      commits_(around.metrics.counter("quantumapi_store_commits_total", "Durable commits.")),
      failures_(around.metrics.counter("quantumapi_store_failed_commits_total",
                                       "Commits that failed as a whole.")),
      seconds_(around.metrics.histogram("quantumapi_store_commit_seconds",
                                        "Time of a commit with everything that shared it.")),
      thread_([this] { loop(); }) {
  if (around_.activity != nullptr) around_.activity->watch([this] { nobody_works(); });
}

SqliteWriter::~SqliteWriter() {
  if (around_.activity != nullptr) around_.activity->watch({});
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Status SqliteWriter::change(const Body& body) {
  if (std::this_thread::get_id() == thread_.get_id())
    return fail(Code::kInternal, "a change inside a change, or inside a `done`");
  const auto change = std::make_shared<Change>(body);
  bool enough = false;
  {
    const std::scoped_lock lock(mutex_);
    if (changes_.size() >= max_waiting_) return unavailable("too many changes wait");
    changes_.push_back(change);
    enough = arrived();
  }
  if (enough) wake_.notify_one();
  const base::Waiting idle;
  std::unique_lock lock(change->mutex);
  change->finished.wait(lock, [&] { return change->done; });
  return std::move(change->status);
}

void SqliteWriter::append(const std::vector<AuditEvent>& events, Database::Done done) {
  const ByteView frames = WaitingAppends::encode(events);
  bool added = false;
  bool enough = false;
  {
    const std::scoped_lock lock(mutex_);
    added = appends_.add(frames, events.size(), done);
    enough = added && arrived();
  }
  if (!added) return done(WaitingAppends::refused());
  if (enough) wake_.notify_one();
}

std::size_t SqliteWriter::waiting() {
  const std::scoped_lock lock(mutex_);
  return changes_.size();
}

bool SqliteWriter::stuck(std::chrono::milliseconds limit) {
  const std::scoped_lock lock(mutex_);
  return busy_ && around_.clock.steady() - busy_since_ > limit;
}

void SqliteWriter::loop() {
  base::name_thread("store-writer");
  Group group;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      busy_ = false;
      wake_.wait(lock, [&] { return stop_ || !changes_.empty() || !appends_.empty(); });
      if (changes_.empty() && appends_.empty()) return;
      gather(lock);
      take(group);
      busy_ = true;
      busy_since_ = around_.clock.steady();
    }
    run(group);
  }
}

// gather lets a commit be shared by more: each costs a sync and two changes of thread, whoever
// shares it. It ends when nobody is at work who could come.
void SqliteWriter::gather(std::unique_lock<std::mutex>& lock) {
  const Activity* const activity = around_.activity;
  if (activity == nullptr) return;
  wanted_ = size_.wanted();
  wake_.wait_for(lock, around_.gather,
                 [&] { return stop_ || waiting_ >= wanted_ || activity->none(); });
  size_.gathered(waiting_, activity->none());
  wanted_ = 1;
}

// nobody_works ends gathering. Under the lock: between the writer's look and its sleep nothing
// may be missed.
void SqliteWriter::nobody_works() {
  const std::scoped_lock lock(mutex_);
  if (wanted_ > 1) wake_.notify_one();
}

void SqliteWriter::take(Group& group) {
  appends_.take(group.batch, group.dones);
  while (!changes_.empty() && group.changes.size() < kLargestGroup) {
    group.changes.push_back(std::move(changes_.front()));
    changes_.pop_front();
  }
  waiting_ = changes_.size();
}

void SqliteWriter::run(Group& group) {
  const SteadyTime begin = around_.clock.steady();
  Status status = write(group);
  const auto took = around_.clock.steady() - begin;
  if (took > kLong)
    around_.log.warning("a commit took long: the disk or the processor was kept busy",
                        {{"seconds", std::chrono::duration<double>(took).count()}});
  bool checkpoint_due = false;
  if (status) {
    stream_.next += group.batch.count();
    commits_.add();
    outage_.passed();
    seconds_.observe(took);
    checkpoint_due = checkpointer_.committed(connection_->wal_pages());
  } else {
    failures_.add();
    outage_.failed("a commit failed", status.error().message);
    recover();
    // Whatever stood in the way, the group did not happen: not a defect of its members.
    status = unavailable("the store could not commit");
  }
  finish(group, status);
  if (checkpoint_due) (void)connection_->checkpoint(false);
  if (connection_->failed_to_sync()) failed_sync_();
}

Status SqliteWriter::write(Group& group) {
  TRY(connection_->execute(kBegin, {}));
  for (const auto& change : group.changes) TRY(write_change(*change, group.batch));
  TRY(group.batch.write(*connection_, stream_, [](const Row&) { return Status{}; }));
  TRY(connection_->execute(kCommit, {}));
  return {};
}

// write_change answers an error only when the whole group is lost; one of the
// closure stands in change.status and is undone by its savepoint.
Status SqliteWriter::write_change(Change& change, AuditBatch& batch) {
  TRY(connection_->execute(kSavepoint, {}));
  const AuditBatch::Mark mark = batch.mark();
  ConnectionTransaction transaction(*connection_, &batch);
  change.status = transaction.run(change.body);
  // SQLITE_FULL, IOERR and NOMEM may have rolled back everything already. Where
  // they did not, the group would hardly fare better: it fails either way.
  if (!connection_->in_transaction()) return unavailable("the transaction was rolled back");
  const Status& broken = transaction.broken();
  if (!broken && broken.error().code == Code::kUnavailable) return broken;
  if (!change.status) {
    batch.rewind(mark);
    TRY(connection_->execute(kRollbackTo, {}));
  } else {
    change.touches = std::move(transaction.touches());
  }
  TRY(connection_->execute(kRelease, {}));
  return {};
}

// The commit's outcome may be unknown to us after an I/O error, so the numbers
// it used are not used again: a new stream begins.
void SqliteWriter::recover() {
  if (connection_->failed_to_sync()) failed_sync_();
  if (connection_->in_transaction()) (void)connection_->execute(kRollback, {});
  stream_ = {Uuid::v7(around_.clock.wall()), 0};
}

void SqliteWriter::finish(Group& group, const Status& status) {
  for (const auto& change : group.changes) {
    if (!status) change->status = status;
    if (change->status) listeners_.announce(change->touches);
  }
  for (const auto& change : group.changes) {
    {
      const std::scoped_lock lock(change->mutex);
      change->done = true;
    }
    change->finished.notify_one();
  }
  for (Database::Done& done : group.dones) done(status);
  group.changes.clear();
  group.dones.clear();
  group.batch.clear();
}

}  // namespace quantumapi::store
