// What the sources of Keyring share.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <mutex>

#include "base/passed_time.h"
#include "keyring/keyring.h"
#include "keyring/lifecycle_repository.h"
#include "keyring/material.h"
#include "keyring/repository.h"
#include "keyring/version_cache.h"

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

  Result<Prepared> prepared(const NewKey& key, Material material, bool imported);
  Status check_name_free(const NewKey& key);
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
  std::mutex& rotation_of(KeyId key) { return rotations[key.uuid.octets.back() % kRotations]; }

  store::Database& database;
  RootKey root;
  std::unique_ptr<KeyJournal> journal;
  crypto::EntropyPool& entropy;
  const Clock& clock;
  base::PassedTime time_passed;
  Logger& log;

  std::atomic<std::uint64_t> remembered = 0;  // octets of the journal that the store knows of

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
