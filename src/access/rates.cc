#include "access/rates.h"

namespace quantumapi::access {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kHeldFor = 2 * kSecond;
constexpr std::int64_t kSliceOf = 20;  // a slice is at most this part of the limit
constexpr std::size_t kEntries = 100'000;

std::unexpected<Error> too_many(std::int64_t wait) {
  const auto seconds = std::max<std::int64_t>((wait + kSecond - 1) / kSecond, 1);
  return std::unexpected(Error{Code::kRateLimited,
                               "this key has used up its requests; try again later",
                               "rate_limit_exceeded",
                               {},
                               static_cast<int>(seconds)});
}

}  // namespace

Rates::Rates(store::Database& database, const Clock& clock, const Clock* store_clock)
    : database_(database),
      clock_(clock),
      store_clock_(store_clock),
      shared_(database.dialect() == store::Dialect::kPostgres),
      started_at_(clock.wall()),
      started_(clock.steady()),
      sweeps_(kEntries) {}

std::int64_t Rates::now() const {
  const auto passed = std::chrono::nanoseconds(clock_.steady() - started_);
  return started_at_.micros * 1000 + passed.count();
}

Status Rates::pass_alone(Entry& entry, std::int64_t limit, std::int64_t now) {
  const Gcra gcra(limit);
  if (gcra.available(entry.arrival, now) == 0) return too_many(gcra.wait(entry.arrival, now));
  entry.arrival = gcra.taken(entry.arrival, now, 1);
  return {};
}

// A key in steady use empties what was taken for it, and gets twice as much.
Status Rates::pass(ApiKeyId key, std::int64_t limit, bool may_block) {
  const std::int64_t at = now();
  std::int64_t wanted = 1;
  {
    const std::scoped_lock lock(mutex_);
    forget_idle(at);
    Entry& entry = entries_[key];
    if (!shared_) return pass_alone(entry, limit, at);
    const bool fresh = at < entry.held_until;
    if (fresh && entry.held > 0) {
      --entry.held;
      return {};
    }
    if (at < entry.denied_until) return too_many(entry.denied_until - at);
    if (!may_block) return fail(Code::kWouldBlock, "the key's rate is in the store");
    if (fresh) wanted = std::clamp<std::int64_t>(limit / kSliceOf, 1, entry.slice * 2);
    entry.held = 0;
  }
  TRY_ASSIGN(const Taken taken, take(key, limit, wanted));
  const std::scoped_lock lock(mutex_);
  Entry& entry = entries_[key];
  if (taken.count == 0) {
    entry.denied_until = at + taken.wait;
    return too_many(taken.wait);
  }
  entry.held += taken.count - 1;
  entry.slice = wanted;
  entry.held_until = at + kHeldFor;
  return {};
}

Result<SharedArrival> Rates::find(store::Transaction& tx, ApiKeyId key) const {
  TRY_ASSIGN(SharedArrival found, find_arrival(tx, key));
  if (store_clock_ != nullptr) found.now = store_clock_->wall().micros * 1000;
  return found;
}

Result<Rates::Taken> Rates::take(ApiKeyId key, std::int64_t limit, std::int64_t wanted) {
  const Gcra gcra(limit);
  return database_.change([&](store::Transaction& tx) -> Result<Taken> {
    TRY_ASSIGN(const SharedArrival found, find(tx, key));
    const std::int64_t arrival = gcra.bounded(found.arrival, found.now);
    const std::int64_t count = std::min(wanted, gcra.available(arrival, found.now));
    if (count == 0) {
      if (arrival != found.arrival) TRY(put_arrival(tx, key, arrival));  // that time passes
      return Taken{0, gcra.wait(arrival, found.now)};
    }
    TRY(put_arrival(tx, key, gcra.taken(arrival, found.now, count)));
    return Taken{count, 0};
  });
}

Result<Rates::State> Rates::state(ApiKeyId key, std::int64_t limit) {
  const Gcra gcra(limit);
  const std::int64_t at = now();
  SharedArrival shared;
  if (shared_) {
    const auto ask = [&](store::Transaction& tx) { return find(tx, key); };
    TRY_ASSIGN(shared, database_.read(ask));
    shared.arrival = gcra.bounded(shared.arrival, shared.now);
  }
  std::int64_t held = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto it = entries_.find(key); it != entries_.end()) {
      if (!shared_) shared = {at, it->second.arrival};
      if (at < it->second.held_until) held = it->second.held;
    }
  }
  const std::int64_t full_in = std::max<std::int64_t>(shared.arrival - shared.now, 0);
  return State{gcra.available(shared.arrival, shared.now) + held,
               clock_.wall() + std::chrono::microseconds((full_in + 999) / 1000)};
}

// forget_idle keeps the memory bounded: an entry whose minute has passed says nothing.
void Rates::forget_idle(std::int64_t now) {
  if (!sweeps_.is_due(entries_.size())) return;
  std::erase_if(entries_, [&](const auto& entry) {
    const Entry& e = entry.second;
    return std::max({e.arrival, e.held_until, e.denied_until}) <= now;
  });
  sweeps_.swept(entries_.size());
}

}  // namespace quantumapi::access
