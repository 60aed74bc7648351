// Purger: carries out scheduled deletions and keeps the key journal's books, on its own thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/believed_clock.h"
#include "base/clock.h"
#include "base/log.h"
#include "keyring/keyring.h"

namespace quantumapi::keyring {

// Purger calls purge_due and journal_waiting when it is made and once a minute from
// then on, remember_journal every two seconds. Any number of replicas may run one. What fails is
// logged and tried again. While the clock is more than a day ahead of what is known no key is
// purged: what a wrong clock would destroy is gone for good.
class Purger {
 public:
  // Purger: `newest_record` is the time of the newest audit record of before this process.
  Purger(Keyring& keyring, const Clock& clock, Logger& log, std::optional<WallTime> newest_record);
  // ~Purger waits for a purge under way; the first one is always carried out.
  ~Purger();
  Purger(const Purger&) = delete;
  Purger& operator=(const Purger&) = delete;

 private:
  void run();
  void purge();

  Keyring& keyring_;
  base::BelievedClock clock_;
  Logger& log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::keyring
