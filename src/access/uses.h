// Uses: when keys were last used, written behind the requests.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/ids.h"
#include "store/database.h"

namespace quantumapi::access {

// Uses notes uses in memory and writes each key's at most once a minute. What
// was noted since the last writing is lost with the process: a last use is a
// help to who cleans up, the audit log is the record. Safe from any thread.
class Uses {
 public:
  Uses(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}
  ~Uses() { stop(); }

  void note(ApiKeyId key, WallTime now);
  Status write();
  // start writes every few seconds from a thread of its own; stop ends it.
  void start();
  void stop();

 private:
  void loop();

  store::Database& database_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::unordered_map<ApiKeyId, SteadyTime> noted_;  // uses of the last minute
  std::unordered_map<ApiKeyId, WallTime> waiting_;
  std::thread thread_;
};

}  // namespace quantumapi::access
