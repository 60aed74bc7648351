// Endings on their way into the key journal.
#include "keyring/journal_repository.h"
#include "keyring/keyring.h"
#include "keyring/keyring_impl.h"

namespace quantumapi::keyring {
namespace {

constexpr std::int64_t kAtOnce = 1'000;

}  // namespace

Status Keyring::note_ending(store::Transaction& tx, const Ending& ending) {
  return repository::put_ending(tx, ending);
}

Status Keyring::journal_ending(const Ending& ending) {
  JournalEntry entry{};
  entry.kind = ending.kind;
  entry.time = ending.time;
  entry.tenant = ending.tenant;
  entry.object = ending.object;
  TRY(impl_->journal->append(entry));
  // A row that stays is journaled once more; that changes nothing.
  const auto dropped = impl_->database.change(
      [&](store::Transaction& tx) { return repository::drop_ending(tx, ending); });
  if (!dropped) impl_->log.warning("a journaled ending stays noted: " + dropped.error().message);
  return {};
}

Result<std::size_t> Keyring::journal_waiting() {
  TRY_ASSIGN(const auto waiting, impl_->database.read([](store::Transaction& tx) {
    return repository::list_endings(tx, kAtOnce);
  }));
  for (const Ending& ending : waiting) TRY(journal_ending(ending));
  TRY(impl_->keep_waiting());
  return waiting.size();
}

Result<bool> Keyring::journal_again(TenantId tenant, const Uuid& object) {
  TRY_ASSIGN(const auto waiting, impl_->database.read([&](store::Transaction& tx) {
    return repository::endings_of(tx, tenant, object);
  }));
  for (const Ending& ending : waiting) TRY(journal_ending(ending));
  return !waiting.empty();
}

Status Keyring::remember_journal() {
  TRY_ASSIGN(const JournalPosition now, impl_->rememberable());
  if (now.octets == impl_->remembered.exchange(now.octets)) return {};
  const auto put = impl_->database.change([&](store::Transaction& tx) {
    return repository::put_journal(tx, now, impl_->clock.wall());
  });
  if (!put) impl_->remembered = 0;
  return put;
}

}  // namespace quantumapi::keyring
