// What the sources of Keyring share.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

#include "base/passed_time.h"
#include "keyring/keyring.h"
#include "keyring/lifecycle_repository.h"
#include "keyring/material.h"
#include "keyring/repository.h"
#include "keyring/version_cache.h"
#include "store/outage.h"

namespace quantumapi::keyring {

struct Keyring::Impl {
  Impl(store::Database& store, RootKey root_key, std::unique_ptr<KeyJournal> key_journal,
       crypto::EntropyPool& pool, const Clock& time, Logger& logger)
      : database(store),
        root(std::move(root_key)),
        journal(std::move(key_journal)),
        entropy(pool),
        clock(time),
        time_passed(time),
        log(logger),
        journal_outage(logger, "the key journal"),
        rows("key", "keys", time),
        defaults("key_default", "key_defaults", time) {}

  // row gives a key's row; kNotFound for another tenant's, kWouldBlock.
  Result<std::shared_ptr<const repository::KeyRow>> row(TenantId tenant, KeyId key, bool may_block);
  // default_row gives the row of the tenant's default key for `purpose`, which is active.
  Result<std::shared_ptr<const repository::KeyRow>> default_row(TenantId tenant, Purpose purpose,
                                                                bool may_block);
  // unwrapped reads and unwraps a version's material. kNotFound when there is none.
  Result<SecretBytes> unwrapped(const repository::KeyRow& row, std::uint32_t version);
  Result<std::shared_ptr<const EncryptionVersion>> encryption(const repository::KeyRow& row,
                                                              std::uint32_t version,
                                                              bool may_block);
  Result<std::shared_ptr<const SigningVersion>> signing(const repository::KeyRow& row,
                                                        std::uint32_t version, bool may_block);

  Result<std::shared_ptr<const HmacVersion>> hmac(const repository::KeyRow& row,
                                                  std::uint32_t version, bool may_block);
  Result<std::shared_ptr<const SigningVersion>> tenant_signing(TenantId tenant, KeyId key,
                                                               std::optional<std::uint32_t> version,
                                                               bool may_block, bool expired_too);
  // check_protects refuses keys that may not seal, sign or make MACs now.
  Status check_protects(const repository::KeyRow& row) const;

  Result<Prepared> prepared(const NewKey& key, Material material, JournalEntry::Kind kind,
                            bool imported);
  Status check_name_free(TenantId tenant, bool visible, std::string_view name);
  Result<KeyRecord> add(Keyring& keyring, const Prepared& made, const AuditEvent& event);
  template <typename Change>
  Result<KeyRecord> changed(TenantId tenant, KeyId key, const AuditEvent& event, Change change);
  Status make_search_key(Keyring& keyring, TenantId tenant);
  Result<bool> purge(const repository::DueKey& due, WallTime now);

  // wrap_and_journal makes material of `place` usable: once it answered, the material is in the
  // journal.
  Result<Bytes> wrap_and_journal(JournalEntry::Kind kind, const VersionPlace& place,
                                 std::string_view algorithm, const SecretBytes& material,
                                 WallTime now);
  // append makes the entry durable; why it can't be is for the log, not for whoever called.
  Status append(const JournalEntry& entry);
  // The journal takes a new key twice: drawn, before its row can be written, and as a version
  // once the row is there. A replay goes by the second, so that a creation which was cut, or
  // failed, makes no key, and by the first no key in use is ever without its material in the
  // journal. Between the two begin_key keeps remember_journal from going past the first, and
  // check_kept keeps the key from being used.
  Status begin_key(const JournalEntry& drawn);
  Status keep_key(KeyId key);
  // end_key is for a key that was not made; `outcome_known` says whether that is certain.
  void end_key(KeyId key, bool outcome_known);
  Status check_kept(KeyId key);
  // keep_drawn journals a drawn key that has a row; keep_waiting those whose keep_key failed.
  Result<bool> keep_drawn(const JournalEntry& drawn);
  Status keep_waiting();
  // rememberable is the journal's end, or where the first begun key begins.
  Result<JournalPosition> rememberable();

  std::mutex& rotation_of(KeyId key) { return rotations[key.uuid.octets.back() % kRotations]; }

  store::Database& database;
  RootKey root;
  std::unique_ptr<KeyJournal> journal;
  crypto::EntropyPool& entropy;
  const Clock& clock;
  base::PassedTime time_passed;
  Logger& log;
  store::Outage journal_outage;

  struct BegunKey {
    JournalEntry drawn;
    JournalPosition before;
    bool waits = false;  // keep_key failed, or nobody knows whether the row is there
  };
  std::mutex begun_mutex;
  std::condition_variable begun_changed;
  std::map<Uuid, BegunKey> begun;

  std::atomic<std::uint64_t> remembered = 0;  // octets of the journal that the store knows of
  std::atomic<std::uint32_t> mark = 0;        // the newest in the journal or the store
  std::atomic<SteadyTime> marked_at{};

  store::RowCache<repository::KeyRow> rows;
  store::RowCache<repository::DefaultRow> defaults;
  VersionCache<EncryptionVersion> encryptions{8'192};
  VersionCache<SigningVersion> signings{1'024};
  VersionCache<HmacVersion> hmacs{8'192};

  std::mutex lookup_mutex;
  std::map<Uuid, SecretBytes> lookup_keys;

  static constexpr std::size_t kRotations = 16;
  std::array<std::mutex, kRotations> rotations;  // one rotation of a key at a time in this process
};

}  // namespace quantumapi::keyring
