// StreamWorker: delivers the events of the logs to the tenants' log streams.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "audit/stream_service.h"
#include "base/log.h"
#include "base/metrics.h"

namespace quantumapi::audit {

// StreamWorker serves all streams, on one process of the store at a time
// (advisory lock). It reads what the sequencer has put into the logs and sends
// it in log order, in batches of up to a segment (256 events); a stream's place
// is moved only after its receiver took the batch, so every event arrives at
// least once. What retention takes before that is passed over, counted in the
// stream's row and logged. A receiver that fails is tried again after 1, 2, 4 … 300 seconds;
// one that hangs is given up after ten. Sixteen streams are served at once, eight
// of one tenant at most, so that hanging receivers hold up no other tenant's.
class StreamWorker {
 public:
  struct Options {
    std::chrono::milliseconds every{500};  // the pause after a pass that sent nothing
    std::string directory;                 // of File streams
  };
  StreamWorker(store::Database& database, keyring::Keyring& keyring, const Clock& clock,
               Logger& log, Metrics& metrics, StreamReach reach, Options options);
  ~StreamWorker();  // cuts deliveries short; what was under way is sent again by the next

  void start();
  // run_once gives every stream that is due one turn and answers how many
  // events were delivered.
  Result<std::size_t> run_once();
  // sweep takes away what should lie in this process's directory no more: files of streams that
  // are gone or have another type, and those past their retentionDays. start does it at once and
  // every ten minutes, on each process. Nothing goes while the store can't be read, and nothing
  // for its age while the clock is far ahead of what was known when this was made.
  Status sweep();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::audit
