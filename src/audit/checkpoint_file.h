// CheckpointFile: checkpoints kept outside the store, so that truncation shows.
#pragma once

#include <string>

#include "audit/waiting_checkpoints.h"

namespace quantumapi::audit {

// CheckpointFile appends each log's newest checkpoint to a file, at most once a
// minute for each log and synced to disk, and the last ones when flushed. Used
// by one thread at a time.
class CheckpointFile {
 public:
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}

  // offer remembers the text as the log's newest.
  void offer(const Uuid& log, std::string text);
  // write_due appends those whose minute has passed, `all` the others too.
  // kUnavailable when the file can't be written; nothing is forgotten then.
  Status write_due(SteadyTime now, bool all = false);

 private:
  std::string path_;
  WaitingCheckpoints waiting_{std::chrono::minutes(1)};
};

}  // namespace quantumapi::audit
