// Keyring: the keys of tenants, from their rows to unwrapped versions in memory.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/audit_event.h"
#include "base/log.h"
#include "crypto/entropy.h"
#include "keyring/journal.h"
#include "keyring/key.h"
#include "keyring/root_key.h"
#include "store/database.h"
#include "store/row_cache.h"

namespace quantumapi::keyring {

// Ending is what the journal keeps of a revocation, deletion or erasure.
struct Ending {
  JournalEntry::Kind kind;
  TenantId tenant;
  Uuid object;
  WallTime time;
};

// Keyring makes, rotates and hands out keys. Material is drawn from the
// entropy pool, wrapped by the root key and fsynced to the journal before the
// row that makes it usable is written. Look-ups with may_block = false answer
// kWouldBlock when the store would have to be asked.
class Keyring {
 public:
  Keyring(store::Database& database, RootKey root, std::unique_ptr<KeyJournal> journal,
          crypto::EntropyPool& entropy, const Clock& clock, Logger& log);
  ~Keyring();

  // create makes version 1 and, with set_default, makes it its purpose's
  // default. kConflict "key_name_conflict" when the name is taken.
  Result<KeyRecord> create(const NewKey& key, AuditEvent event);
  // create_in does what create does inside a transaction of the caller; the
  // material must have been prepared (drawn and journaled) outside it.
  struct Prepared {
    NewKey key;
    KeyId id;
    Bytes wrapped;
    Bytes public_key;
    std::string sources;
    bool quantum = false;
    WallTime at;
    bool imported = false;
  };
  Result<Prepared> prepare(const NewKey& key);
  Result<KeyRecord> create_in(store::Transaction& tx, const Prepared& prepared);

  struct Rotation {
    KeyRecord key;
    std::uint32_t previous_version = 0;
  };
  // rotate adds a version that all further encryption uses; older ones decrypt.
  // With `set_default` the key becomes its purpose's default as well, with `name` it is
  // called so from then on. kConflict "key_not_active" when the key is not active, "key_expired",
  // or "key_name_conflict".
  Result<Rotation> rotate(TenantId tenant, KeyId key, AuditEvent event, bool set_default = false,
                          std::optional<std::string> name = {});

  // import_key does what create does with material made elsewhere. 400 naming
  // keyMaterial when it is not exactly one key of `algorithm` in `format`.
  Result<KeyRecord> import_key(const ImportedKey& key, AuditEvent event);

  // update changes a shown key; kConflict "key_name_conflict" when the name is
  // taken, "key_scheduled_deletion" when a key about to be deleted would change its state. Its
  // events are of what changed: key.enable, key.disable, key.protect, key.unprotect, key.set_end,
  // and key.update for the rest.
  Result<KeyRecord> update(TenantId tenant, KeyId key, const KeyUpdate& change, AuditEvent event);
  // set_default makes a shown key its purpose's default; kConflict "key_not_active".
  Status set_default(TenantId tenant, KeyId key, AuditEvent event);
  // set_min_decryption_version takes effect at once in this process, within half a
  // second elsewhere. 400 "invalid_min_decryption_version" for 0 and above the latest.
  Result<KeyRecord> set_min_decryption_version(TenantId tenant, KeyId key, std::uint32_t version,
                                               AuditEvent event);
  // versions gives every version of a shown key, the newest first.
  Result<std::vector<VersionRecord>> versions(TenantId tenant, KeyId key);
  // public_key gives a version's (absent: the newest's) SubjectPublicKeyInfo in
  // DER. 400 "no_public_key" for hmac keys. PEM and JWK: crypto/public_key.h.
  Result<Bytes> public_key(TenantId tenant, KeyId key,
                           std::optional<std::uint32_t> version = std::nullopt);
  // public_octets gives a version's public key as its algorithm writes it; refusals as
  // public_key's.
  Result<Bytes> public_octets(TenantId tenant, KeyId key, std::uint32_t version);

  static constexpr int kMinDeletionDays = 7;
  static constexpr int kMaxDeletionDays = 365;
  static constexpr int kDefaultDeletionDays = 30;
  // schedule_deletion makes a key unusable at once and its material destroyed
  // after `days`. 400 naming scheduleDays outside 7-365; kConflict
  // "purge_protected", or "key_scheduled_deletion" when it is scheduled already.
  Result<KeyRecord> schedule_deletion(TenantId tenant, KeyId key, int days, AuditEvent event);
  // cancel_deletion gives a key the state back that it had; kConflict
  // "key_not_scheduled" when it isn't scheduled, or its time has come and nothing protects it.
  Result<KeyRecord> cancel_deletion(TenantId tenant, KeyId key, AuditEvent event);
  // purge_due deletes the keys whose time has come by `now` and destroys their
  // material in the store and in this process; gives how many. Each ending is in the
  // journal before its material is gone, and what a crash left half done is
  // finished by the next call. The wraps in the journal's older entries end with its file. Another
  // replica may have the material in memory until it makes room or ends; no row lets it be used.
  Result<std::size_t> purge_due(WallTime now);

  // find by id, or by name; kNotFound for another tenant's and for purposes that are not shown.
  Result<KeyRecord> find(TenantId tenant, KeyId key);
  Result<KeyRecord> find(TenantId tenant, std::string_view name);
  // KeyUse is what the use of a key is judged and recorded by.
  struct KeyUse {
    KeyId id;
    std::string name;
    Purpose purpose;
    std::string_view algorithm;  // a constant
  };
  // find_use is find by id, without the store where the key is in memory. kWouldBlock
  // when it is not and `may_block` is false.
  Result<KeyUse> find_use(TenantId tenant, KeyId key, bool may_block);
  // default_use is find_use of the tenant's default key; refusals as default_encryption's.
  Result<KeyUse> default_use(TenantId tenant, Purpose purpose, bool may_block);
  struct Filter {
    std::optional<Purpose> purpose;  // kSign lists image keys too, as clients see them
    // Absent: all but deleted ones. An expired key is not "active" there but "disabled".
    std::optional<std::string> state;
    // A record for each version, the newest of a key first: latest_version, created_at,
    // sources and public_key are then that version's.
    bool all_versions = false;
    std::int64_t offset = 0;
    std::int64_t limit = 50;
  };
  // list gives the newest first. The total of a filtered list, and of one of all
  // versions, counts up to 10,000.
  Result<KeyPage> list(TenantId tenant, const Filter& filter);

  // default_encryption is the newest version of the tenant's default key for
  // kEncrypt or kVault. kNotFound "no_default_key" when there is none.
  Result<std::shared_ptr<const EncryptionVersion>> default_encryption(TenantId tenant,
                                                                      Purpose purpose,
                                                                      bool may_block);
  // newest_encryption is the newest version of a named key, for sealing; refusals as encryption's.
  Result<std::shared_ptr<const EncryptionVersion>> newest_encryption(TenantId tenant, KeyId key,
                                                                     Purpose purpose,
                                                                     bool may_block);
  // encryption is one version, for opening. kPermissionDenied
  // "key_version_below_minimum" below the minimum; kNotFound for an unknown
  // key or version and another tenant's; kPermissionDenied "key_revoked" when disabled.
  Result<std::shared_ptr<const EncryptionVersion>> encryption(TenantId tenant, KeyId key,
                                                              std::uint32_t version,
                                                              Purpose purpose, bool may_block);
  // Expired keys (kPermissionDenied "key_expired") seal, sign and make MACs no
  // more, but still open and verify.

  // default_history lists (key, version) of the tenant's default encrypt key,
  // newest first, then of former defaults: for payloads in parts, which name no key id.
  Result<std::vector<std::pair<KeyId, std::uint32_t>>> default_history(TenantId tenant);

  Result<std::shared_ptr<const SigningVersion>> default_signing(TenantId tenant, Purpose purpose,
                                                                bool may_block);
  // signing and newest_signing give only keys of the purposes sign and image:
  // whatever signs for callers may never hold a token or certificate key.
  // Refusals as encryption's.
  Result<std::shared_ptr<const SigningVersion>> signing(TenantId tenant, KeyId key,
                                                        std::uint32_t version, bool may_block);
  Result<std::shared_ptr<const SigningVersion>> newest_signing(TenantId tenant, KeyId key,
                                                               bool may_block);
  // verifying is signing for checking signatures: an expired key's version too.
  Result<std::shared_ptr<const SigningVersion>> verifying(TenantId tenant, KeyId key,
                                                          std::uint32_t version, bool may_block);

  // ca_signing is one version of a key of purpose ca, and of no other: for certificates and
  // revocation lists alone. Refusals as encryption's.
  Result<std::shared_ptr<const SigningVersion>> ca_signing(TenantId tenant, KeyId key,
                                                           std::uint32_t version, bool may_block);

  // hmac is one version, for checking MACs; newest_hmac and default_hmac make them.
  Result<std::shared_ptr<const HmacVersion>> hmac(TenantId tenant, KeyId key, std::uint32_t version,
                                                  bool may_block);
  Result<std::shared_ptr<const HmacVersion>> newest_hmac(TenantId tenant, KeyId key,
                                                         bool may_block);
  Result<std::shared_ptr<const HmacVersion>> default_hmac(TenantId tenant, bool may_block);
  // search_key is the tenant's key of keyed searchable hashes (HMAC-SHA3-256),
  // made on first use and never rotated. kWouldBlock where the store must be
  // asked or the key made and may_block is false.
  Result<std::shared_ptr<const HmacVersion>> search_key(TenantId tenant, bool may_block);

  // personal_key is the key that seals a principal's personal data in audit
  // records; make_personal_key draws, journals and gives its wrap for the row.
  Result<SecretBytes> personal_key(TenantId tenant, const Uuid& principal);
  Result<Bytes> make_personal_key(TenantId tenant, const Uuid& principal);
  Status put_personal_key(store::Transaction& tx, TenantId tenant, const Uuid& principal,
                          ByteView wrapped, WallTime now);

  // lookup_key is the newest platform key for MACs that rows are found by;
  // rows store its id. Made once at init.
  struct LookupKey {
    Uuid id;
    SecretBytes key;
  };
  Result<LookupKey> make_lookup_key();
  Result<LookupKey> lookup_key(const Uuid& id);
  Result<LookupKey> newest_lookup_key();

  // An ending (a revocation, a deletion) is noted in the transaction that makes
  // it, journaled after the commit and before the answer. One that the journal
  // could not take waits in the store: journal_waiting takes it up again.
  static Status note_ending(store::Transaction& tx, const Ending& ending);
  // journal_ending: kUnavailable when the journal could not take it; the ending holds
  // all the same, and the call may be made again.
  Status journal_ending(const Ending& ending);
  // journal_waiting journals all that wait and gives how many did.
  Result<std::size_t> journal_waiting();
  // journal_again does so for one object of a tenant; false when nothing of it waits.
  Result<bool> journal_again(TenantId tenant, const Uuid& object);

  // check_journal holds the journal against what the store remembers of it:
  // kConflict when it was cut, exchanged for an older copy or, where only one
  // process uses the store (`alone`), replaced by another. With `accept` that is logged instead.
  Status check_journal(bool alone, bool accept);
  // replay gives `apply` what the journal holds past the point that the store
  // remembers, in order: a few entries after a crash, all since the backup after a restore.
  Status replay(const std::function<Status(const JournalEntry&)>& apply);
  // remember_journal makes the journal's present end the point that check_journal asks for,
  // and marks the journal behind it, where it grew, each hour, or `anyway`. A mark's number is
  // in the store first: what a crash leaves is no mark that the store lacks. That the
  // journal can't be marked is logged.
  Status remember_journal(bool anyway = false);
  struct Mark {
    Uuid journal;
    std::uint32_t number = 0;
  };
  // newest_lost_mark is the journal's newest mark, where the store does not know
  // of it: then this is an older copy of the store, put back.
  Result<std::optional<Mark>> newest_lost_mark();
  // bring_back makes a journaled version that the store lacks usable again: that of a
  // key which it does not know makes the key "restored-{id}". False when there was nothing to do.
  Result<bool> bring_back(const JournalEntry& version);
  // end_again deletes a key whose deletion the store has lost. False as above.
  Result<bool> end_again(const JournalEntry& deletion);

  [[nodiscard]] const RootKey& root() const;
  [[nodiscard]] std::vector<store::RowCacheBase*> caches();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::keyring
