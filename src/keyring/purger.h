// Purger: carries out scheduled deletions and keeps the key journal's books, on its own thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "keyring/keyring.h"

namespace quantumapi::keyring {

// Purger calls purge_due and journal_waiting when it is made and once a minute from
// then on, remember_journal every two seconds. Any number of replicas may run one. What fails is
// logged and tried again.
class Purger {
 public:
  Purger(Keyring& keyring, const Clock& clock, Logger& log);
  // ~Purger waits for a purge under way; the first one is always carried out.
  ~Purger();
  Purger(const Purger&) = delete;
  Purger& operator=(const Purger&) = delete;

 private:
  void run();
  void purge();

  Keyring& keyring_;
  const Clock& clock_;
  Logger& log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::keyring
