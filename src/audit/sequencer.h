// Sequencer: moves pending events into each tenant's log, within a second.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "keyring/keyring.h"
#include "store/database.h"

namespace quantumapi::audit {

class CheckpointPost;

// Sequencer runs on one process of the store at a time (advisory lock). Each
// round takes what waits in audit_pending in the order of its streams, checks
// that no number is missing, appends to the logs' segments and trees, indexes,
// signs one checkpoint a log, and deletes what it took: one transaction. A
// missing number stops it loudly (metric, log, health) until an operator looks.
class Sequencer {
 public:
  struct Options {
    // The pause after a round that found nothing. Where there is traffic the rounds
    // follow each other five times as fast: their writes are small then, and no
    // change waits long behind one (docs/performance.md).
    std::chrono::milliseconds every{250};
    std::string checkpoint_file;                // checkpoints are appended here too, when set
    CheckpointPost* checkpoint_post = nullptr;  // and offered here; outlives the sequencer
    int retention_days = 0;  // older segments lose their events (retention.h); 0: none do
    std::uint64_t platform_events = 0;  // that the platform's own log keeps; 0: all
  };
  Sequencer(store::Database& database, keyring::Keyring& keyring, const Clock& clock, Logger& log,
            Metrics& metrics, Options options);
  ~Sequencer();  // stops after the round that runs

  void start();
  // run_once does one round now and answers how many events it moved; for tests.
  Result<std::size_t> run_once();
  // finish ends what start began and moves what waits, the checkpoint file included. It begins no
  // round on a store that does not answer, nor after five seconds; it moves nothing where another
  // process sequences. What it leaves waits for the next start, and the log says so.
  void finish();

  struct State {
    bool stopped_by_hole = false;
    std::chrono::milliseconds lag{0};         // age of the oldest pending event at the last look
    std::optional<SteadyTime> failing_since;  // rounds fail, one after the other, since then
  };
  [[nodiscard]] State state() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::audit
