#include "keyring/purger.h"

namespace quantumapi::keyring {
namespace {

constexpr std::chrono::seconds kRememberEvery{2};
constexpr std::uint64_t kRemembersInPurge = 30;
constexpr std::chrono::hours kFarAhead{24};

}  // namespace

Purger::Purger(Keyring& keyring, const Clock& clock, Logger& log,
               std::optional<WallTime> newest_record)
    : keyring_(keyring), clock_(clock, log, "the deletion of keys", kFarAhead), log_(log) {
  clock_.begin(newest_record);
  thread_ = std::thread([this] { run(); });
}

Purger::~Purger() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Purger::purge() {
  if (const auto now = clock_.now()) {
    const auto purged = keyring_.purge_due(*now);
    if (!purged) log_.warning("keys due for deletion stand still: " + purged.error().message);
  }
  const auto journaled = keyring_.journal_waiting();
  if (!journaled) log_.warning("endings wait for the key journal: " + journaled.error().message);
}

void Purger::run() {
  std::unique_lock lock(mutex_);
  std::uint64_t turn = 0;
  bool forgetful = false;  // is logged once
  do {
    lock.unlock();
    if (turn++ % kRemembersInPurge == 0) purge();
    const auto remembered = keyring_.remember_journal();
    if (!remembered && !std::exchange(forgetful, true))
      log_.warning("the key journal's end is not noted: " + remembered.error().message);
    if (remembered) forgetful = false;
    lock.lock();
  } while (!wake_.wait_for(lock, kRememberEvery, [this] { return stopping_; }));
}

}  // namespace quantumapi::keyring
