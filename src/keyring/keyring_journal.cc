// Endings on their way into the key journal.
#include "keyring/journal_frame.h"
#include "keyring/journal_repository.h"
#include "keyring/keyring.h"
#include "keyring/keyring_impl.h"

namespace quantumapi::keyring {
namespace {

constexpr std::int64_t kAtOnce = 1'000;
constexpr std::chrono::hours kMarkEvery{1};

JournalEntry mark_entry(std::uint32_t number, WallTime now) {
  JournalEntry entry{};
  entry.kind = JournalEntry::Kind::kMark;
  entry.time = now;
  entry.version = number;
  return entry;
}

std::uint64_t octets_of(const JournalEntry& entry) {
  Bytes body;
  append_entry(body, entry);
  return kFrameOverhead + body.size();
}

}  // namespace

Status Keyring::Impl::append(const JournalEntry& entry) {
  const Status written = journal->append(entry);
  if (written) {
    journal_outage.passed();
    return written;
  }
  journal_outage.failed("the key journal takes no entry", written.error().message);
  return fail(written.error().code, "the key journal takes no entry", written.error().reason);
}

Status Keyring::note_ending(store::Transaction& tx, const Ending& ending) {
  return repository::put_ending(tx, ending);
}

Status Keyring::journal_ending(const Ending& ending) {
  JournalEntry entry{};
  entry.kind = ending.kind;
  entry.time = ending.time;
  entry.tenant = ending.tenant;
  entry.object = ending.object;
  TRY(impl_->append(entry));
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

Status Keyring::remember_journal(bool anyway) {
  TRY_ASSIGN(const JournalPosition end, impl_->journal->position());
  const bool due = impl_->clock.steady() - impl_->marked_at.load() >= kMarkEvery;
  if (!anyway && !due && end.octets == impl_->remembered) return {};
  TRY_ASSIGN(const JournalPosition now, impl_->rememberable());
  const JournalEntry mark = mark_entry(++impl_->mark, impl_->clock.wall());
  TRY(impl_->database.change([&](store::Transaction& tx) {
    return repository::put_journal(tx, now, mark.version, mark.time);
  }));
  const auto marked = impl_->append(mark);
  if (!marked) impl_->log.warning("the key journal can't be marked: " + marked.error().message);
  // The mark itself is no growth.
  impl_->remembered = end.octets + (marked ? octets_of(mark) : 0);
  impl_->marked_at = impl_->clock.steady();
  return {};
}

}  // namespace quantumapi::keyring
