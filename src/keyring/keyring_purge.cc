// The end of keys whose time has come.
#include "keyring/answers.h"
#include "keyring/keyring.h"
#include "keyring/keyring_impl.h"
#include "keyring/lifecycle_repository.h"

namespace quantumapi::keyring {
namespace {

constexpr std::int64_t kAtOnce = 100;

}  // namespace

// purge ends one key in three steps, each of which finds out whether it was done
// already: the row says deleted, which nothing takes back; the journal says so;
// the material is overwritten. Journaled first, a deletion cancelled in between
// would be carried out by a restore.
Result<bool> Keyring::Impl::purge(const repository::DueKey& due, WallTime now) {
  TRY_ASSIGN(const bool deleted, database.change([&](store::Transaction& tx) -> Result<bool> {
    TRY_ASSIGN(const bool ended, repository::end(tx, due, now));
    TRY_ASSIGN(const auto record, repository::find_any(tx, due.tenant, due.key));
    if (!record) return no_such_key();
    if (!ended) return record->state == "deleted";
    TRY(repository::count(tx, due.tenant, due.key.uuid, -1));
    tx.record(about(own_event("key.delete", due.tenant, now), *record));
    tx.touch("key", due.key.uuid);
    return true;
  }));
  if (!deleted) return false;  // cancelled or protected meanwhile
  TRY(append({.kind = JournalEntry::Kind::kKeyDeleted,
              .time = now,
              .tenant = due.tenant,
              .object = due.key.uuid,
              .version = 0,
              .algorithm = {},
              .purpose = Purpose::kEncrypt,
              .wrapped = {}}));
  TRY(database.change([&](store::Transaction& tx) { return repository::destroy(tx, due, now); }));
  encryptions.forget(due.key);
  signings.forget(due.key);
  hmacs.forget(due.key);
  return true;
}

Result<std::size_t> Keyring::purge_due(WallTime now) {
  std::size_t purged = 0;
  while (true) {
    TRY_ASSIGN(const auto keys, impl_->database.read([&](store::Transaction& tx) {
      return repository::due(tx, now, kAtOnce);
    }));
    for (const repository::DueKey& key : keys) {
      TRY_ASSIGN(const bool ended, impl_->purge(key, now));
      if (ended) ++purged;
    }
    if (keys.size() < kAtOnce) return purged;
  }
}

}  // namespace quantumapi::keyring
