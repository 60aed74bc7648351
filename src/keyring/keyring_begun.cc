// A new key between its two entries in the journal: drawn, and made.
#include "keyring/keyring.h"
#include "keyring/keyring_impl.h"

namespace quantumapi::keyring {
namespace {

// A commit and a write of the journal lie between the two.
constexpr std::chrono::seconds kLongest{5};

JournalEntry version_of(JournalEntry drawn) {
  drawn.kind = JournalEntry::Kind::kKeyVersion;
  return drawn;
}

}  // namespace

Status Keyring::Impl::begin_key(const JournalEntry& drawn) {
  {
    const std::scoped_lock lock(begun_mutex);
    TRY_ASSIGN(JournalPosition before, journal->position());
    begun.insert_or_assign(drawn.object, BegunKey{drawn, std::move(before)});
  }
  auto written = append(drawn);
  if (!written) end_key(KeyId{drawn.object}, true);
  return written;
}

Status Keyring::Impl::keep_key(KeyId key) {
  JournalEntry version{};
  {
    const std::scoped_lock lock(begun_mutex);
    version = version_of(begun.at(key.uuid).drawn);
  }
  auto kept = append(version);
  end_key(key, kept.has_value());
  return kept;
}

void Keyring::Impl::end_key(KeyId key, bool outcome_known) {
  {
    const std::scoped_lock lock(begun_mutex);
    if (outcome_known)
      begun.erase(key.uuid);
    else
      begun.at(key.uuid).waits = true;
  }
  begun_changed.notify_all();
}

Status Keyring::Impl::check_kept(KeyId key) {
  std::unique_lock lock(begun_mutex);
  const auto decided = [&] {
    const auto found = begun.find(key.uuid);
    return found == begun.end() || found->second.waits;
  };
  if (begun_changed.wait_for(lock, kLongest, decided) && !begun.contains(key.uuid)) return {};
  return fail(Code::kUnavailable, "the key waits for the key journal");
}

Result<bool> Keyring::Impl::keep_drawn(const JournalEntry& drawn) {
  const KeyId key{drawn.object};
  TRY_ASSIGN(const auto row, database.read([&](store::Transaction& tx) {
    return repository::find_any(tx, drawn.tenant, key);
  }));
  if (!row || row->state == "deleted") return false;
  TRY(append(version_of(drawn)));
  return true;
}

Status Keyring::Impl::keep_waiting() {
  std::vector<JournalEntry> waiting;
  {
    const std::scoped_lock lock(begun_mutex);
    for (const auto& [id, key] : begun)
      if (key.waits) waiting.push_back(key.drawn);
  }
  for (const JournalEntry& drawn : waiting) {
    TRY_ASSIGN(const bool kept, keep_drawn(drawn));
    if (kept) end_key(KeyId{drawn.object}, true);
  }
  return {};
}

Result<JournalPosition> Keyring::Impl::rememberable() {
  const std::scoped_lock lock(begun_mutex);
  TRY_ASSIGN(JournalPosition end, journal->position());
  for (const auto& [id, key] : begun)
    if (key.before.octets < end.octets) end = key.before;
  return end;
}

}  // namespace quantumapi::keyring
