// What a start takes from the key journal: what the store forgot, or never knew.
#include <algorithm>
#include <set>
#include <utility>

#include "keyring/answers.h"
#include "keyring/journal_repository.h"
#include "keyring/keyring.h"
#include "keyring/keyring_impl.h"

namespace quantumapi::keyring {
namespace {

constexpr std::string_view kAcceptIt =
    " Put the newest copy of the journal back. If it is lost, start once with --accept-key-journal:"
    " then nothing ended or made since the last backup could come out of the journal.";

const JournalPosition* position_of(const std::vector<JournalPosition>& known, const Uuid& id) {
  const auto found = std::ranges::find(known, id, &JournalPosition::journal);
  return found == known.end() ? nullptr : &*found;
}

// from_of is where the journal goes on past what the store remembers of it. One that was
// accepted and does not hold that place is read from its begin.
Result<std::uint64_t> from_of(const KeyJournal& journal,
                              const std::vector<JournalPosition>& known) {
  const JournalPosition* const mine = position_of(known, journal.id());
  if (mine == nullptr) return std::uint64_t{0};
  TRY_ASSIGN(const bool holds, journal.holds(*mine));
  return holds ? mine->octets : 0;
}

// refused_entries are the places, counted from `from`, of versions that the store did not take.
// A refusal is of the last entry of its version before it: one behind it has the number again,
// taken after a restore, and may be in use.
Result<std::set<std::size_t>> refused_entries(KeyJournal& journal, std::uint64_t from) {
  std::map<std::pair<Uuid, std::uint32_t>, std::size_t> last;
  std::set<std::size_t> refused;
  std::size_t number = 0;
  TRY(journal.each(
      [&](const JournalEntry& entry) -> Status {
        const std::pair version(entry.object, entry.version);
        if (entry.kind == JournalEntry::Kind::kKeyVersion) last[version] = number;
        if (entry.kind == JournalEntry::Kind::kVersionRefused)
          if (const auto found = last.find(version); found != last.end())
            refused.insert(found->second);
        ++number;
        return {};
      },
      from));
  return refused;
}

// A tenant has one search key, which every hash it has stored is of: a new one
// beside it would find none of them.
Status make_default_again(store::Transaction& tx, const JournalEntry& version, KeyId key) {
  if (version.purpose != Purpose::kSearch) return {};
  const Uuid row = repository::default_id(version.tenant, version.purpose);
  TRY_ASSIGN(const auto there, repository::find_default(tx, row));
  if (there) return {};
  tx.touch("key_default", row);
  return repository::set_default(tx, version.tenant, version.purpose, key, version.time);
}

}  // namespace

Status Keyring::check_journal(bool alone, bool accept) {
  const KeyJournal& journal = *impl_->journal;
  TRY_ASSIGN(const auto known, impl_->database.read([](store::Transaction& tx) {
    return repository::list_journals(tx);
  }));
  const JournalPosition* const mine = position_of(known, journal.id());
  std::string wrong;
  if (mine != nullptr) {
    TRY_ASSIGN(const bool holds, journal.holds(*mine));
    if (!holds)
      wrong = "the key journal " + journal.path() +
              " was cut or is an older copy: the store has seen more of it.";
  } else if (alone && !known.empty()) {
    wrong = "the key journal " + journal.path() +
            " is new or another one: this store was last used with journal " +
            known.back().journal.to_string() + ".";
  }
  if (wrong.empty()) return {};
  if (!accept) return fail(Code::kConflict, wrong.append(kAcceptIt));
  impl_->log.warning(wrong + " It is accepted because --accept-key-journal says so.");
  return {};
}

Status Keyring::replay(const std::function<Status(const JournalEntry&)>& apply) {
  TRY_ASSIGN(const auto known, impl_->database.read([](store::Transaction& tx) {
    return repository::list_journals(tx);
  }));
  TRY_ASSIGN(const std::uint64_t from, from_of(*impl_->journal, known));
  TRY_ASSIGN(const auto refused, refused_entries(*impl_->journal, from));
  std::size_t number = 0;
  std::map<Uuid, JournalEntry> drawn;
  TRY(impl_->journal->each(
      [&](const JournalEntry& entry) -> Status {
        const bool void_entry = refused.contains(number++);
        if (void_entry || entry.kind == JournalEntry::Kind::kMark) return {};
        if (entry.kind == JournalEntry::Kind::kKeyDrawn)
          drawn.insert_or_assign(entry.object, entry);
        if (entry.kind == JournalEntry::Kind::kKeyVersion && entry.version == 1)
          drawn.erase(entry.object);
        return apply(entry);
      },
      from));
  for (const auto& [id, entry] : drawn) TRY(impl_->keep_drawn(entry));
  return {};
}

Result<std::optional<Keyring::Mark>> Keyring::newest_lost_mark() {
  std::vector<JournalPosition> known;
  std::uint32_t stored = 0;
  TRY(impl_->database.read([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(known, repository::list_journals(tx));
    TRY_ASSIGN(stored, repository::newest_mark(tx, impl_->journal->id()));
    return {};
  }));
  TRY_ASSIGN(const std::uint64_t from, from_of(*impl_->journal, known));
  std::uint32_t newest = stored;
  TRY(impl_->journal->each(
      [&](const JournalEntry& entry) -> Status {
        if (entry.kind != JournalEntry::Kind::kMark || entry.version <= newest) return {};
        newest = entry.version;
        return {};
      },
      from));
  impl_->mark = newest;
  if (newest == stored) return std::nullopt;
  return Mark{impl_->journal->id(), newest};
}

Result<bool> Keyring::bring_back(const JournalEntry& version) {
  const KeyId key{version.object};
  TRY_ASSIGN(const auto record, impl_->database.read([&](store::Transaction& tx) {
    return repository::find_any(tx, version.tenant, key);
  }));
  if (record && record->state == "deleted") return false;
  if (record) {
    TRY_ASSIGN(const auto there, impl_->database.read([&](store::Transaction& tx) {
      return repository::find_wrapped(tx, key, version.version);
    }));
    if (there) return false;
  }
  TRY_ASSIGN(const SecretBytes material,
             impl_->root.unwrap({version.purpose, version.tenant, key.uuid, version.version},
                                version.wrapped));
  TRY_ASSIGN(Bytes public_key, public_key_of(version.purpose, version.algorithm, material));
  return impl_->database.change([&](store::Transaction& tx) -> Result<bool> {
    TRY_ASSIGN(auto now_there, repository::find_any(tx, version.tenant, key));
    if (!now_there) {
      TRY(repository::insert_key(tx, {.key = {.tenant = version.tenant,
                                              .name = "restored-" + key.to_string(),
                                              .purpose = version.purpose,
                                              .algorithm = version.algorithm,
                                              .description = "Brought back from the key journal.",
                                              .labels = {},
                                              .set_default = false},
                                      .id = key,
                                      .wrapped = {},
                                      .public_key = {},
                                      .sources = {},
                                      .quantum = false,
                                      .at = version.time,
                                      .imported = false}));
      if (is_visible(version.purpose)) TRY(repository::count(tx, version.tenant, key.uuid, 1));
      TRY(make_default_again(tx, version, key));
    }
    TRY(repository::insert_version(tx, {key, version.version, version.wrapped, public_key,
                                        "key-journal", false, version.time}));
    TRY(repository::catch_up(tx, version.tenant, key, version.version, impl_->clock.wall()));
    TRY_ASSIGN(now_there, repository::find_any(tx, version.tenant, key));
    if (!now_there) return fail(Code::kInternal, "a key brought back is not there");
    tx.record(about(own_event("key.restore", version.tenant, impl_->clock.wall()), *now_there));
    tx.touch("key", key.uuid);
    return true;
  });
}

Result<bool> Keyring::end_again(const JournalEntry& deletion) {
  const KeyId key{deletion.object};
  const auto end = [&](store::Transaction& tx) -> Result<bool> {
    TRY_ASSIGN(const auto before, repository::find_any(tx, deletion.tenant, key));
    if (!before || before->state == "deleted") return false;
    TRY_ASSIGN(const bool ended,
               repository::end_again(tx, deletion.tenant, key, impl_->clock.wall()));
    if (!ended) return false;
    if (is_visible(before->purpose)) TRY(repository::count(tx, deletion.tenant, key.uuid, -1));
    tx.record(about(own_event("key.delete", deletion.tenant, impl_->clock.wall()), *before));
    tx.touch("key", key.uuid);
    return true;
  };
  return impl_->database.change(end);
}

}  // namespace quantumapi::keyring
