// StreamSweep: which files of File streams this place keeps no longer.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "audit/stream_config.h"
#include "audit/stream_files.h"
#include "audit/stream_repository.h"
#include "base/believed_clock.h"
#include "keyring/keyring.h"

namespace quantumapi::audit {

// StreamSweep removes files past their days, of streams that have another type now, and, after a
// day, of those that the store does not know. Nothing goes for its age while the clock is far
// ahead, and nothing while the store can't be read. Borrows all it is given.
class StreamSweep {
 public:
  StreamSweep(store::Database& database, keyring::Keyring& keyring, const Clock& clock, Logger& log,
              const StreamFiles& files);

  // begin_clock is for before this process writes: what it does has the clock's time already, right
  // or wrong. False while the store can't be read; whoever asks for a time next begins then.
  bool begin_clock();
  // run looks through all folders but those of `busy` streams. By one thread at a time.
  Status run(const std::set<StreamId>& busy);
  // expire removes the days that are too old: the files of this place and all rows. From any
  // thread.
  Status expire(StreamId id, const StreamConfig& config);

 private:
  std::optional<WallTime> believed();
  Status run_one(const StreamRow& row, bool has_folder);
  void forget_unknown(const std::set<StreamId>& folders);

  store::Database& database_;
  keyring::Keyring& keyring_;
  const Clock& clock_;
  Logger& log_;
  const StreamFiles& files_;
  std::map<StreamId, SteadyTime> unknown_;  // folders of no stream, since when
  std::mutex clock_mutex_;
  base::BelievedClock believed_clock_;
};

}  // namespace quantumapi::audit
