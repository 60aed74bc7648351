#include "audit/stream_worker.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>
#include <tuple>
#include <unordered_map>

#include "audit/item.h"
#include "audit/personal_opener.h"
#include "audit/record.h"
#include "audit/repository.h"
#include "audit/stream_sweep.h"
#include "base/host_name.h"
#include "base/worker_pool.h"

namespace quantumapi::audit {
namespace {

constexpr std::string_view kLockName = "audit-log-streams";
constexpr int kBatchesInTurn = 8;
constexpr int kTurnsAtOnce = 16;
constexpr int kTurnsOfTenant = 8;  // of those, so that no tenant's receivers hold up another's
constexpr std::size_t kTurnsWaiting = 10'000;
constexpr std::int64_t kLongestPause = 300;  // seconds
constexpr std::chrono::minutes kRepeatError{1};
constexpr std::chrono::minutes kSweepEvery{10};
constexpr std::chrono::minutes kSweepAgain{1};

// Slice is the part of one segment that a stream gets next, or all that retention took
// before it could be sent.
struct Slice {
  StreamPosition begin;
  StreamPosition end;
  std::optional<SegmentRow> segment;
  bool lost = false;

  [[nodiscard]] std::uint64_t size() const { return end.next - begin.next; }
};

Result<std::optional<Slice>> next_slice(store::Transaction& tx, const StreamRow& row) {
  Slice slice;
  slice.begin = row.position;
  std::uint64_t size = 0;
  if (!slice.begin.log.is_nil()) {
    TRY_ASSIGN(size, log_size(tx, slice.begin.log));
  }
  if (slice.begin.next >= size) {  // at its end: on with the log that follows, if one does
    TRY_ASSIGN(const auto head, next_log(tx, row.tenant, slice.begin.log));
    if (!head) return std::nullopt;
    slice.begin = {head->log, 0};
    size = head->frontier.size();
  }
  if (size == 0) return std::nullopt;
  const std::uint64_t number = slice.begin.next / kSegmentSize;
  slice.end = {slice.begin.log, std::min(size, (number + 1) * kSegmentSize)};
  TRY_ASSIGN(slice.segment, find_segment(tx, slice.begin.log, number));
  if (!slice.segment) return fail(Code::kDataLoss, "an audit segment is missing");
  if (!slice.segment->leaves.empty()) return slice;
  TRY_ASSIGN(const std::uint64_t kept, first_kept(tx, slice.begin.log));
  if (kept <= number) return fail(Code::kDataLoss, "an audit log is without events");
  slice.end.next = std::min(size, kept * kSegmentSize);
  slice.lost = true;
  return slice;
}

}  // namespace

struct StreamWorker::Impl {
  // Live is what is kept of a stream between passes. While a turn is under way
  // only that turn touches what stands behind `busy`.
  struct Live {
    std::atomic<bool> busy = false;
    std::uint64_t turns = 0;  // the number of the pass that gave it the last one
    std::uint32_t config_version = 0;
    std::unique_ptr<StreamReceiver> receiver;
    std::int64_t failures = 0;
    SteadyTime due{SteadyTime::min()};
  };

  Impl(store::Database& d, keyring::Keyring& k, const Clock& c, Logger& l, Metrics& m,
       StreamReach r, Options o)
      : database(d),
        keyring(k),
        clock(c),
        log(l),
        reach(std::move(r)),
        options(std::move(o)),
        files(options.directory),
        sweep(d, k, c, l, files),
        delivered_total(m.counter("quantumapi_log_stream_events_total",
                                  "Audit events delivered to log streams by this process.")),
        failed_total(m.counter("quantumapi_log_stream_failures_total",
                               "Deliveries to log streams that failed.")),
        lost_total(m.counter("quantumapi_log_stream_events_lost_total",
                             "Audit events that retention took before a log stream sent them.")) {}

  // Turn is a stream that is due.
  struct Turn {
    StreamRow row;
    std::shared_ptr<Live> live;
  };

  Result<bool> lead();
  Result<std::vector<Turn>> due_turns();
  Result<bool> begin_pass();
  void take(const Turn& turn);
  void wait_for_turns();
  Result<std::size_t> turn(StreamRow row, Live& live);
  Result<std::vector<StreamEvent>> events_of(const StreamRow& row, const StreamConfig& config,
                                             const Slice& slice);
  Status deliver(const StreamRow& row, const OpenStreamConfig& opened, const Slice& slice,
                 std::span<const StreamEvent> events, Live& live);
  Status append_files(const StreamRow& row, const Slice& slice,
                      std::span<const StreamEvent> events);
  Result<std::vector<StreamDay>> days_here(const StreamRow& row);
  Status tend_files(const StreamRow& row, const StreamConfig& config);
  Status sweep_others();
  Status pass_lost(const StreamRow& row, const Slice& slice);
  Status advance(const StreamRow& row, const StreamPosition& from, const StreamPosition& to,
                 bool sent, const StreamDay* day = nullptr);
  void note_failure(const StreamRow& row, Live& live, const Error& error);
  void report(const Error& error);
  void loop();

  store::Database& database;
  keyring::Keyring& keyring;
  const Clock& clock;
  Logger& log;
  StreamReach reach;
  Options options;
  StreamFiles files;
  StreamSweep sweep;
  base::Counter& delivered_total;
  base::Counter& failed_total;
  base::Counter& lost_total;

  std::mutex pass_mutex;  // one pass at a time, whoever asks
  std::unique_ptr<store::Database::Lock> lock;
  std::unordered_map<StreamId, std::shared_ptr<Live>> lives;
  std::uint64_t passes = 0;
  SteadyTime sweep_at = SteadyTime::min();

  std::mutex report_mutex;
  std::string last_error;
  SteadyTime last_error_at{};

  std::mutex turns_mutex;
  std::condition_variable turn_ended;
  std::unordered_map<TenantId, int> under_way;  // turns of each tenant
  std::atomic<std::size_t> delivered = 0;       // events since somebody asked last

  std::mutex mutex;
  std::condition_variable wake;
  std::stop_source ending;  // cuts deliveries short too
  std::thread thread;
  WorkerPool pool{kTurnsAtOnce, kTurnsWaiting};  // the last: its threads use all of the above
};

// lead is true while this process is the one that delivers.
Result<bool> StreamWorker::Impl::lead() {
  if (lock != nullptr && lock->held()) return true;
  lock.reset();
  TRY_ASSIGN(lock, database.try_lock(kLockName));
  return lock != nullptr;
}

Result<std::vector<StreamEvent>> StreamWorker::Impl::events_of(const StreamRow& row,
                                                               const StreamConfig& config,
                                                               const Slice& slice) {
  TRY_ASSIGN(const auto leaves, parse_leaves(slice.segment->leaves, slice.segment->count));
  const std::uint64_t first = slice.segment->segment * kSegmentSize;
  PersonalOpener opener(keyring, row.tenant);
  std::vector<StreamEvent> events;
  for (std::uint64_t index = slice.begin.next; index < slice.end.next; ++index) {
    if (index - first >= leaves.size())
      return fail(Code::kDataLoss, "an audit segment does not match its log");
    const Leaf& leaf = leaves[index - first];
    TRY_ASSIGN(const auto terms, RecordTerms::find(leaf.record));
    if (!config.wants(terms.category)) continue;
    TRY_ASSIGN(const auto record, RecordView::parse(leaf.record));
    TRY_ASSIGN(const auto personal, opener.open(record));
    const Uuid id = event_id(leaf_hash(leaf.salt, leaf.record));
    TRY_ASSIGN(const auto item, item_of(id, index, leaf.record, personal));
    TRY_ASSIGN(const auto time, WallTime::parse(record.time));
    events.push_back({index, time, json::to_text(item)});
  }
  return events;
}

Status StreamWorker::Impl::advance(const StreamRow& row, const StreamPosition& from,
                                   const StreamPosition& to, bool sent, const StreamDay* day) {
  const auto now = sent ? std::optional(clock.wall()) : std::nullopt;
  return database.change([&](store::Transaction& tx) -> Status {
    // A stream that was deleted meanwhile gets no row of a day back.
    TRY_ASSIGN(const auto still, find_stream(tx, row.tenant, row.id));
    if (!still) return {};
    if (day != nullptr) TRY(put_stream_day(tx, row.id, *day));
    return advance_position(tx, row.id, from, to, now);
  });
}

// pass_lost moves a stream over events that are gone, and never without a word.
Status StreamWorker::Impl::pass_lost(const StreamRow& row, const Slice& slice) {
  TRY_ASSIGN(const bool passed, database.change([&](store::Transaction& tx) {
    return pass_lost_events(tx, row.id, row.position, slice.end, slice.size());
  }));
  if (!passed) return {};
  lost_total.add(slice.size());
  log.warning("retention took audit events before a log stream sent them",
              {{"stream", std::string_view(row.id.to_string())},
               {"tenant", std::string_view(row.tenant.to_string())},
               {"events", static_cast<std::int64_t>(slice.size())}});
  return {};
}

// days_here are the rows of this place, newest first. What an older version wrote becomes this
// place's where its file is here.
Result<std::vector<StreamDay>> StreamWorker::Impl::days_here(const StreamRow& row) {
  TRY_ASSIGN(const std::string place, files.make_place());
  TRY_ASSIGN(auto days,
             database.read([&](store::Transaction& tx) { return stream_days(tx, row.id); }));
  for (StreamDay& day : days) {
    if (!day.place.empty() || !files.holds(row.id, day)) continue;
    day.place = place;
    day.host = base::host_name();
    TRY(database.change([&](store::Transaction& tx) { return adopt_stream_day(tx, row.id, day); }));
  }
  std::erase_if(days, [&](const StreamDay& day) { return day.place != place; });
  return days;
}

Status StreamWorker::Impl::append_files(const StreamRow& row, const Slice& slice,
                                        std::span<const StreamEvent> events) {
  TRY_ASSIGN(const std::string place, files.make_place());
  TRY_ASSIGN(auto days, days_here(row));
  const WallTime now = clock.wall();
  StreamPosition from = row.position;
  while (!events.empty()) {
    const std::string name = day_for(events[0].time, now, days);
    auto day = std::ranges::find(days, name, &StreamDay::day);
    if (day == days.end())
      day = days.insert(day, {.day = name, .place = place, .host = base::host_name()});
    std::size_t count = 1;
    while (count < events.size() && day_for(events[count].time, now, days) == name) ++count;
    TRY_ASSIGN(*day, files.append(row.id, *day, events.first(count)));
    events = events.subspan(count);
    const StreamPosition to =
        events.empty() ? slice.end : StreamPosition{slice.end.log, events[0].index};
    TRY(advance(row, from, to, true, &*day));
    from = to;
  }
  return {};
}

Status StreamWorker::Impl::deliver(const StreamRow& row, const OpenStreamConfig& opened,
                                   const Slice& slice, std::span<const StreamEvent> events,
                                   Live& live) {
  if (events.empty()) return advance(row, row.position, slice.end, false);
  if (opened.type == StreamType::kFile) return append_files(row, slice, events);
  if (live.receiver == nullptr) {
    TRY_ASSIGN(const http::Reach allowed, reach.of(row.tenant));
    TRY_ASSIGN(live.receiver, StreamReceiver::create(opened.type, opened.config, allowed));
  }
  TRY(live.receiver->deliver(opened.config, events, clock.wall(), ending.get_token()));
  return advance(row, row.position, slice.end, true);
}

// tend_files removes the days that are too old and archives those that ended; called when
// everything there is was written.
Status StreamWorker::Impl::tend_files(const StreamRow& row, const StreamConfig& config) {
  TRY(sweep.expire(row.id, config));
  TRY_ASSIGN(const auto here, days_here(row));
  const std::string today = day_of(clock.wall());
  for (const StreamDay& day : here) {
    if (day.day >= today || day.archive_octets) continue;
    TRY_ASSIGN(const auto archived, files.archive(row.id, day));
    TRY(advance(row, row.position, row.position, false, &archived));
    files.remove_open(row.id, day.day);
  }
  return {};
}

// sweep_others leaves what a turn writes to for the next sweep: begin_pass and this take turns
// themselves.
Status StreamWorker::Impl::sweep_others() {
  std::set<StreamId> busy;
  for (const auto& [id, live] : lives)
    if (live->busy) busy.insert(id);
  return sweep.run(busy);
}

void StreamWorker::Impl::note_failure(const StreamRow& row, Live& live, const Error& error) {
  failed_total.add(1);
  const std::int64_t pause =
      std::min(kLongestPause, std::int64_t{1} << std::min<std::int64_t>(live.failures, 10));
  ++live.failures;
  live.due = clock.steady() + std::chrono::seconds(pause);
  const std::string text = error.message.substr(0, 500);
  const auto noted = database.change(
      [&](store::Transaction& tx) { return note_stream_failure(tx, row.id, text); });
  if (!noted) report(noted.error());
}

// turn sends a stream's next batches, until there is nothing more or one fails.
Result<std::size_t> StreamWorker::Impl::turn(StreamRow row, Live& live) {
  TRY_ASSIGN(const auto opened, open_stream_config(keyring, row));
  std::size_t sent = 0;
  for (int batch = 0; batch < kBatchesInTurn && !ending.stop_requested(); ++batch) {
    TRY_ASSIGN(const auto slice,
               database.read([&](store::Transaction& tx) { return next_slice(tx, row); }));
    if (!slice) {
      if (opened.type == StreamType::kFile) TRY(tend_files(row, opened.config));
      break;
    }
    if (slice->lost) {
      TRY(pass_lost(row, *slice));
      row.position = slice->end;
      continue;
    }
    TRY_ASSIGN(const auto events, events_of(row, opened.config, *slice));
    TRY(deliver(row, opened, *slice, events, live));
    live.failures = 0;
    sent += events.size();
    delivered += events.size();
    delivered_total.add(events.size());
    row.position = slice->end;
  }
  return sent;
}

// due_turns gives the streams whose turn it is: those that work before those that fail, and of
// these the one whose last turn is longest ago.
Result<std::vector<StreamWorker::Impl::Turn>> StreamWorker::Impl::due_turns() {
  TRY_ASSIGN(auto rows, database.read([](store::Transaction& tx) { return active_streams(tx); }));
  std::unordered_map<StreamId, std::shared_ptr<Live>> kept;
  for (const auto& [id, live] : lives)
    if (live->busy) kept.emplace(id, live);
  for (const StreamRow& row : rows) {
    const auto known = lives.find(row.id);
    kept.emplace(row.id, known == lives.end() ? std::make_shared<Live>() : known->second);
  }
  lives = std::move(kept);
  std::vector<Turn> due;
  for (StreamRow& row : rows) {
    const auto& live = lives.at(row.id);
    if (live->busy) continue;
    // A change or an activation by its owner ends the pause.
    if (live->config_version != row.config_version || row.consecutive_failures == 0) {
      if (live->config_version != row.config_version) live->receiver.reset();
      live->config_version = row.config_version;
      live->failures = 0;
      live->due = SteadyTime::min();
    }
    if (clock.steady() >= live->due) due.push_back({std::move(row), live});
  }
  std::ranges::sort(due, {}, [](const Turn& turn) {
    return std::tuple(turn.row.consecutive_failures > 0, turn.live->turns, turn.row.id);
  });
  return due;
}

// begin_pass gives the streams that are due their turns and does not wait for them. It is true
// where some have to wait for turns of the same tenant.
Result<bool> StreamWorker::Impl::begin_pass() {
  TRY_ASSIGN(const bool leading, lead());
  if (!leading) return false;
  TRY_ASSIGN(auto due, due_turns());
  ++passes;
  bool waiting = false;
  for (Turn& turn : due) {
    {
      const std::scoped_lock guard(turns_mutex);
      int& of_tenant = under_way[turn.row.tenant];
      if (of_tenant == kTurnsOfTenant) {
        waiting = true;
        continue;
      }
      ++of_tenant;
    }
    turn.live->turns = passes;
    turn.live->busy = true;
    if (!pool.submit([this, turn] { take(turn); })) take(turn);
  }
  return waiting;
}

// take performs a turn and says so to who waits.
void StreamWorker::Impl::take(const Turn& of) {
  if (!ending.stop_requested()) {
    const auto sent = turn(of.row, *of.live);
    // What our own end cut short is no failure of the receiver's.
    if (!sent && !ending.stop_requested()) note_failure(of.row, *of.live, sent.error());
  }
  of.live->busy = false;
  const std::scoped_lock guard(turns_mutex);
  const auto count = under_way.find(of.row.tenant);
  if (--count->second == 0) under_way.erase(count);
  turn_ended.notify_all();
}

void StreamWorker::Impl::wait_for_turns() {
  std::unique_lock guard(turns_mutex);
  turn_ended.wait(guard, [this] { return under_way.empty(); });
}

// report logs an error once, and again each minute while it lasts.
void StreamWorker::Impl::report(const Error& error) {
  const std::scoped_lock guard(report_mutex);
  const SteadyTime now = clock.steady();
  if (error.message == last_error && now - last_error_at < kRepeatError) return;
  last_error = error.message;
  last_error_at = now;
  log.error("log streams can't be delivered", {{"reason", std::string_view(error.message)}});
}

void StreamWorker::Impl::loop() {
  std::unique_lock guard(mutex);
  std::chrono::milliseconds pause = options.every;
  while (!wake.wait_for(guard, pause, [&] { return ending.stop_requested(); })) {
    guard.unlock();
    {
      const std::scoped_lock one(pass_mutex);
      const auto waiting = begin_pass();
      if (!waiting) report(waiting.error());
      if (clock.steady() >= sweep_at) {
        const Status swept = sweep_others();
        if (!swept)
          log.error("the files of log streams can't be looked through",
                    {{"reason", std::string_view(swept.error().message)}});
        sweep_at = clock.steady() + (swept ? kSweepEvery : kSweepAgain);
      }
      const bool more = delivered.exchange(0) > 0 || (waiting && *waiting);
      pause = more ? options.every / 10 : options.every;
    }
    guard.lock();
  }
}

StreamWorker::StreamWorker(store::Database& database, keyring::Keyring& keyring, const Clock& clock,
                           Logger& log, Metrics& metrics, StreamReach reach, Options options)
    : impl_(std::make_unique<Impl>(database, keyring, clock, log, metrics, std::move(reach),
                                   std::move(options))) {
  (void)impl_->sweep.begin_clock();  // where the store can't be read yet, the first who asks begins
}

StreamWorker::~StreamWorker() {
  {
    const std::scoped_lock guard(impl_->mutex);
    impl_->ending.request_stop();
  }
  impl_->wake.notify_one();
  if (impl_->thread.joinable()) impl_->thread.join();
}

Status StreamWorker::sweep() {
  const std::scoped_lock one(impl_->pass_mutex);
  return impl_->sweep_others();
}

void StreamWorker::start() {
  impl_->thread = std::thread([this] { impl_->loop(); });
}

Result<std::size_t> StreamWorker::run_once() {
  const std::scoped_lock one(impl_->pass_mutex);
  impl_->delivered = 0;
  TRY(impl_->begin_pass());
  impl_->wait_for_turns();
  return impl_->delivered.exchange(0);
}

}  // namespace quantumapi::audit
