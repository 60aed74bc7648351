// Rates: how many requests a minute the keys with a limit may make, by GCRA.
#pragma once

#include <mutex>
#include <unordered_map>

#include "access/gcra.h"
#include "access/repository.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/sweep_plan.h"
#include "store/database.h"

namespace quantumapi::access {

// Rates lets a key with limit n make n requests at once after a quiet minute,
// and then one every 60 / n seconds.
//
// With SQLite there is one process, and the state is in its memory. With
// PostgreSQL the state is a row that all replicas share: a replica takes a
// request out of it, or, for a key in steady use, up to a twentieth of the
// limit at once, which it must spend within two seconds. What it holds is
// taken from the others first, so that together they let pass no more than one
// process would, and what those two seconds refill: a thirtieth of the limit.
//
// Time is the steady clock's from the process's start on, or, of the row that
// replicas share, that of PostgreSQL: setting a server's wall clock gives no key
// another minute, and clocks of replicas may differ. Safe from any thread.
class Rates {
 public:
  // store_clock stands for PostgreSQL's where a test makes time pass.
  Rates(store::Database& database, const Clock& clock, const Clock* store_clock = nullptr);

  // pass counts a request. kRateLimited with Retry-After when it is too much,
  // kWouldBlock when the store must be asked and may_block is false.
  Status pass(ApiKeyId key, std::int64_t limit, bool may_block);

  struct State {
    std::int64_t remaining = 0;  // requests that would pass now
    WallTime reset{};            // when all of them would again
  };
  // state counts nothing; it asks the store where that is shared.
  Result<State> state(ApiKeyId key, std::int64_t limit);

 private:
  struct Entry {
    std::int64_t arrival = 0;       // of GCRA: where one process decides
    std::int64_t held = 0;          // requests taken out of the shared row
    std::int64_t slice = 1;         // how many were taken last
    std::int64_t held_until = 0;    // ns
    std::int64_t denied_until = 0;  // ns; the store need not be asked before
  };
  struct Taken {
    std::int64_t count = 0;
    std::int64_t wait = 0;  // ns, where the count is 0
  };
  [[nodiscard]] std::int64_t now() const;
  Status pass_alone(Entry& entry, std::int64_t limit, std::int64_t now);
  Result<Taken> take(ApiKeyId key, std::int64_t limit, std::int64_t wanted);
  [[nodiscard]] Result<SharedArrival> find(store::Transaction& tx, ApiKeyId key) const;
  void forget_idle(std::int64_t now);

  store::Database& database_;
  const Clock& clock_;
  const Clock* store_clock_;
  bool shared_;
  WallTime started_at_;
  SteadyTime started_;
  std::mutex mutex_;
  std::unordered_map<ApiKeyId, Entry> entries_;
  base::SweepPlan sweeps_;
};

}  // namespace quantumapi::access
