#include "audit/sequencer.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "audit/checkpoint_file.h"
#include "audit/checkpoint_post.h"
#include "audit/retention.h"
#include "audit/round.h"
#include "audit/signed_head.h"
#include "base/believed_clock.h"
#include "base/thread_name.h"

namespace quantumapi::audit {
namespace {

constexpr std::string_view kLockName = "audit-sequencer";
constexpr std::chrono::minutes kRepeatError{1};
constexpr std::chrono::hours kRetainEvery{1};
constexpr std::chrono::hours kFarAhead{24 * 7};
constexpr std::chrono::seconds kFinishWithin{5};

using Frames = std::vector<store::AuditFrame>;

// SignedLog is a log as it will be after the round, with its checkpoint.
struct SignedLog {
  LogDraft draft;
  SignedHead head;
};

}  // namespace

struct Sequencer::Impl {
  Impl(store::Database& d, keyring::Keyring& k, const Clock& c, Logger& l, Metrics& m, Options o)
      : database(d),
        keyring(k),
        clock(c),
        log(l),
        options(std::move(o)),
        file(options.checkpoint_file),
        lag_seconds(m.gauge("quantumapi_audit_lag_seconds",
                            "Age of the oldest audit event that waits for the sequencer.")),
        stopped(m.gauge("quantumapi_audit_stopped",
                        "1 when a missing audit event stopped the sequencer.")),
        events_total(m.counter("quantumapi_audit_events_total",
                               "Audit events moved into their logs by this process.")),
        checkpoints_total(
            m.counter("quantumapi_audit_checkpoints_total", "Checkpoints signed by this process.")),
        platform_events(m.gauge("quantumapi_audit_platform_events",
                                "Events of the platform's own log, failed authentications among"
                                " them, as this process last moved some.")),
        platform_dropped(m.counter("quantumapi_audit_platform_dropped_total",
                                   "Events of the platform's own log that were dropped because"
                                   " there were too many.")) {
    stopped.set(0);
  }

  Result<std::size_t> round();
  bool is_stopped() const {
    const std::scoped_lock guard(state_mutex);
    return state.stopped_by_hole;
  }
  Result<bool> lead();
  std::unexpected<Error> stop_at(const Hole& hole);
  void note_lag(const Frames& events);
  void note_outcome(bool good);  // of a round
  Result<std::vector<LogDraft>> append_all(const Frames& events);
  Status begin_retention();
  Status retain();
  Status bound_platform_log();
  Status write(const Batch& batch, const std::vector<SignedLog>& logs);
  void keep_outside(const Uuid& log_id, std::string checkpoint);
  void report(const Error& error);
  void loop();
  void end_loop();
  Status move_rest();

  store::Database& database;
  keyring::Keyring& keyring;
  const Clock& clock;
  Logger& log;
  Options options;
  CheckpointFile file;
  base::Gauge& lag_seconds;
  base::Gauge& stopped;
  base::Counter& events_total;
  base::Counter& checkpoints_total;
  base::Gauge& platform_events;
  base::Counter& platform_dropped;

  std::mutex round_mutex;  // one round at a time, whoever asks
  std::unique_ptr<store::Database::Lock> lock;
  const std::chrono::hours retention{24 * options.retention_days};
  // Far is a week, or half of the time that events are kept where that is less.
  base::BelievedClock retention_clock{
      clock, log, "audit retention",
      std::min<std::chrono::microseconds>(kFarAhead, std::chrono::microseconds(retention) / 2)};
  SteadyTime retain_at = SteadyTime::min();
  std::optional<Expiry> expiry;  // while it is under way
  std::string last_error;
  SteadyTime last_error_at{};

  mutable std::mutex state_mutex;
  State state;

  std::mutex mutex;
  std::condition_variable wake;
  bool ending = false;
  std::thread thread;
};

// lead is true while this process is the one that sequences.
// lead leaves the logs to a newer version, which keeps more of them than this one would write.
Result<bool> Sequencer::Impl::lead() {
  TRY_ASSIGN(const bool outdated, database.outdated());
  if (outdated) {
    lock.reset();
    return fail(Code::kConflict,
                "a newer version has migrated the store: end this server, it writes no audit log "
                "any more",
                "store_outdated");
  }
  if (lock != nullptr && lock->held()) return true;
  lock.reset();
  TRY_ASSIGN(lock, database.try_lock(kLockName));
  return lock != nullptr;
}

std::unexpected<Error> Sequencer::Impl::stop_at(const Hole& hole) {
  stopped.set(1);
  {
    const std::scoped_lock guard(state_mutex);
    state.stopped_by_hole = true;
  }
  const std::string stream = hole.stream.to_string();
  log.error(
      "audit sequencer stopped: a number is missing, so events were lost or removed",
      {{"stream", std::string_view(stream)}, {"expected", hole.expected}, {"found", hole.found}});
  return fail(Code::kDataLoss, "an audit event is missing", "audit_hole");
}

void Sequencer::Impl::note_lag(const Frames& events) {
  std::chrono::microseconds age{0};
  if (!events.empty()) {
    const auto oldest = RecordTerms::find(events.front().record);
    const auto time = oldest ? WallTime::parse(oldest->time) : clock.wall();
    if (time) age = std::max(age, clock.wall() - *time);
  }
  lag_seconds.set(static_cast<double>(age.count()) / 1e6);
  const std::scoped_lock guard(state_mutex);
  state.lag = std::chrono::duration_cast<std::chrono::milliseconds>(age);
}

Status Sequencer::Impl::write(const Batch& batch, const std::vector<SignedLog>& logs) {
  return database.change([&](store::Transaction& tx) -> Status {
    for (const Batch::Take& take : batch.takes)
      TRY(advance_stream(tx, take.stream, take.from, take.to));
    for (const SignedLog& one : logs) {
      TRY(one.draft.write(tx));
      TRY(put_checkpoint(tx, one.head.checkpoint, one.head.text));
    }
    return {};
  });
}

Result<std::size_t> Sequencer::Impl::round() {
  if (is_stopped()) return fail(Code::kDataLoss, "an audit event is missing", "audit_hole");
  TRY(begin_retention());
  TRY_ASSIGN(const bool leading, lead());
  if (!leading) return std::size_t{0};
  const auto read = [](store::Transaction& tx) { return read_batch(tx, kEventsInRound); };
  TRY_ASSIGN(const Batch batch, database.read(read));
  if (batch.hole) return stop_at(*batch.hole);
  TRY_ASSIGN(const auto events, in_order(batch));
  note_lag(events);
  if (events.empty()) return std::size_t{0};

  TRY_ASSIGN(auto drafts, append_all(events));
  std::vector<SignedLog> logs;
  for (LogDraft& draft : drafts) {
    draft.finish();
    TRY_ASSIGN(auto head, sign_head(keyring, clock, draft.tenant(), draft.head()));
    logs.push_back({std::move(draft), std::move(head)});
  }
  TRY(write(batch, logs));
  events_total.add(events.size());
  checkpoints_total.add(logs.size());
  for (const SignedLog& one : logs)
    if (one.draft.tenant() == TenantId{})
      platform_events.set(static_cast<double>(one.head.checkpoint.size));
  for (SignedLog& one : logs) keep_outside(one.head.checkpoint.log, std::move(one.head.text));
  return events.size();
}

void Sequencer::Impl::keep_outside(const Uuid& log_id, std::string checkpoint) {
  if (options.checkpoint_post != nullptr) options.checkpoint_post->offer(log_id, checkpoint);
  file.offer(log_id, std::move(checkpoint));
}

// begin_retention: what this process writes has the clock's time already, right or wrong.
Status Sequencer::Impl::begin_retention() {
  if (options.retention_days <= 0 || retention_clock.begun()) return {};
  TRY_ASSIGN(const auto newest, database.read(newest_time));
  retention_clock.begin(newest);
  return {};
}

// retain looks once an hour for events that are too old, and takes them a step a round.
Status Sequencer::Impl::retain() {
  if (options.retention_days <= 0 || lock == nullptr) return {};
  if (!expiry) {
    if (clock.steady() < retain_at) return {};
    retain_at = clock.steady() + kRetainEvery;
    const auto now = retention_clock.now();
    if (!now) return {};
    expiry.emplace(database, *now - retention, *now);
  }
  const auto more = expiry->step();
  if (!more || !*more) expiry.reset();
  TRY(more);
  return {};
}

// bound_platform_log drops its oldest events, loudly: they were written by
// whoever tried to authenticate.
Status Sequencer::Impl::bound_platform_log() {
  if (options.platform_events == 0 || lock == nullptr) return {};
  TRY_ASSIGN(const std::size_t segments,
             drop_surplus(database, TenantId{}, options.platform_events));
  if (segments == 0) return {};
  platform_dropped.add(segments * kSegmentSize);
  log.warning("the platform's audit log is full: its oldest events were dropped",
              {{"events", static_cast<std::int64_t>(segments * kSegmentSize)}});
  return {};
}

// append_all appends each event to its tenant's log.
Result<std::vector<LogDraft>> Sequencer::Impl::append_all(const Frames& events) {
  std::unordered_map<TenantId, std::size_t> places;
  std::vector<TenantId> tenants;
  for (const store::AuditFrame& event : events)
    if (places.try_emplace(event.tenant, tenants.size()).second) tenants.push_back(event.tenant);
  const WallTime now = clock.wall();
  const auto read = [&](store::Transaction& tx) -> Result<std::vector<LogDraft>> {
    std::vector<LogDraft> drafts;
    drafts.reserve(tenants.size());
    for (const TenantId tenant : tenants) {
      TRY_ASSIGN(auto draft, LogDraft::from_store(tx, tenant, now));
      drafts.push_back(std::move(draft));
    }
    return drafts;
  };
  TRY_ASSIGN(auto drafts, database.read(read));
  for (const store::AuditFrame& event : events) TRY(drafts[places.at(event.tenant)].append(event));
  return drafts;
}

void Sequencer::Impl::note_outcome(bool good) {
  const std::scoped_lock guard(state_mutex);
  if (good)
    state.failing_since.reset();
  else if (!state.failing_since)
    state.failing_since = clock.steady();
}

// report logs an error once, and again each minute while it lasts.
void Sequencer::Impl::report(const Error& error) {
  if (error.reason == "audit_hole") return;  // logged where it was found
  const SteadyTime now = clock.steady();
  if (error.message == last_error && now - last_error_at < kRepeatError) return;
  last_error = error.message;
  last_error_at = now;
  log.error("audit sequencer round failed", {{"reason", std::string_view(error.message)}});
}

void Sequencer::Impl::loop() {
  base::name_thread("sequencer");
  std::unique_lock guard(mutex);
  std::chrono::milliseconds pause = options.every;
  while (!wake.wait_for(guard, pause, [&] { return ending; })) {
    guard.unlock();
    {
      const std::scoped_lock one(round_mutex);
      const auto moved = round();
      note_outcome(moved.has_value());
      if (!moved) report(moved.error());
      const std::size_t count = moved ? *moved : 0;
      pause = options.every / (count == 0 ? 1 : 5);
      if (count >= kEventsInRound) pause = {};
      if (const auto kept = file.write_due(clock.steady()); !kept) report(kept.error());
      if (const auto kept = retain(); !kept) report(kept.error());
      const Status bounded = count > 0 ? bound_platform_log() : Status{};
      if (!bounded) report(bounded.error());
    }
    guard.lock();
  }
}

void Sequencer::Impl::end_loop() {
  {
    const std::scoped_lock guard(mutex);
    ending = true;
  }
  wake.notify_one();
  if (thread.joinable()) thread.join();
}

Status Sequencer::Impl::move_rest() {
  const SteadyTime end = clock.steady() + kFinishWithin;
  for (std::size_t moved = 1; moved > 0;) {
    if (clock.steady() >= end) return fail(Code::kUnavailable, "there are too many for one stop");
    TRY(database.healthy());
    TRY_ASSIGN(moved, round());
  }
  return {};
}

Sequencer::Sequencer(store::Database& database, keyring::Keyring& keyring, const Clock& clock,
                     Logger& log, Metrics& metrics, Options options)
    : impl_(std::make_unique<Impl>(database, keyring, clock, log, metrics, std::move(options))) {}

Sequencer::~Sequencer() {
  impl_->end_loop();
  const auto kept = impl_->file.write_due(impl_->clock.steady(), true);
  if (!kept) impl_->report(kept.error());
}

void Sequencer::start() {
  impl_->thread = std::thread([this] { impl_->loop(); });
}

Result<std::size_t> Sequencer::run_once() {
  const std::scoped_lock one(impl_->round_mutex);
  const auto moved = impl_->round();
  impl_->note_outcome(moved.has_value());
  TRY(impl_->file.write_due(impl_->clock.steady()));
  TRY(impl_->retain());
  TRY(impl_->bound_platform_log());
  return moved;
}

void Sequencer::finish() {
  impl_->end_loop();
  const std::scoped_lock one(impl_->round_mutex);
  if (const auto moved = impl_->move_rest(); !moved)
    impl_->log.warning("audit events wait for the next start to be sequenced",
                       {{"reason", std::string_view(moved.error().message)}});
  const auto kept = impl_->file.write_due(impl_->clock.steady(), true);
  if (!kept) impl_->report(kept.error());
}

Sequencer::State Sequencer::state() const {
  const std::scoped_lock guard(impl_->state_mutex);
  return impl_->state;
}

}  // namespace quantumapi::audit
