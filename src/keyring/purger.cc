#include "keyring/purger.h"

namespace quantumapi::keyring {
namespace {

constexpr std::chrono::minutes kEvery{1};

}  // namespace

Purger::Purger(Keyring& keyring, const Clock& clock, Logger& log)
    : keyring_(keyring), clock_(clock), log_(log), thread_([this] { run(); }) {}

Purger::~Purger() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Purger::run() {
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    const auto purged = keyring_.purge_due(clock_.wall());
    if (!purged) log_.warning("keys due for deletion stand still: " + purged.error().message);
    const auto journaled = keyring_.journal_waiting();
    if (!journaled) log_.warning("endings wait for the key journal: " + journaled.error().message);
    const auto remembered = keyring_.remember_journal();
    if (!remembered)
      log_.warning("the key journal's end is not noted: " + remembered.error().message);
    lock.lock();
  } while (!wake_.wait_for(lock, kEvery, [this] { return stopping_; }));
}

}  // namespace quantumapi::keyring
