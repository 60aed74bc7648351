// Keyring: the keys of tenants, from their rows to unwrapped versions in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/audit_event.h"
#include "base/log.h"
#include "crypto/entropy.h"
#include "crypto/ml_dsa.h"
#include "crypto/ml_kem.h"
#include "keyring/journal.h"
#include "keyring/purpose.h"
#include "keyring/root_key.h"
#include "store/database.h"
#include "store/row_cache.h"

namespace quantumapi::keyring {

// KeyRecord is a key as its row says, without material.
struct KeyRecord {
  KeyId id;
  TenantId tenant;
  std::string name;
  Purpose purpose;
  std::string algorithm;  // "ML-KEM-768", "ML-DSA-65"
  std::string description;
  std::vector<std::string> labels;
  std::uint32_t latest_version = 1;
  std::uint32_t min_decryption_version = 1;
  std::uint32_t version_count = 1;
  bool is_default = false;
  std::string state;  // "active" | "disabled" | "scheduled_deletion" | "deleted"
  WallTime created_at;
  std::optional<WallTime> updated_at;
  std::optional<WallTime> rotated_at;
  std::string sources;   // entropy of the newest version: "os+cpu"
  bool quantum = false;  // a QRNG took part in it
  Bytes public_key;      // of the newest version
};

// EncryptionVersion is one unwrapped version of an encrypt or vault key:
// a KEM key and the 32-byte secret without which its public key alone makes
// nothing that opens here. Kept in locked memory.
struct EncryptionVersion {
  KeyId key;
  std::uint32_t version;
  TenantId tenant;
  Purpose purpose;
  crypto::MlKemPrivateKey kem;
  SecretBytes secret;
};

struct SigningVersion {
  KeyId key;
  std::uint32_t version;
  TenantId tenant;
  Purpose purpose;
  crypto::MlDsaPrivateKey dsa;
};

struct NewKey {
  TenantId tenant;
  std::string name;  // unique in its tenant while not deleted
  Purpose purpose;
  std::string algorithm;
  std::string description;
  std::vector<std::string> labels;
  bool set_default = false;
};

struct KeyPage {
  std::vector<KeyRecord> keys;
  std::int64_t total = 0;
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
  };
  Result<Prepared> prepare(const NewKey& key);
  Result<KeyRecord> create_in(store::Transaction& tx, const Prepared& prepared);

  struct Rotation {
    KeyRecord key;
    std::uint32_t previous_version = 0;
  };
  // rotate adds a version that all further encryption uses; older ones decrypt.
  // With `set_default` the key becomes its purpose's default as well. kConflict
  // "key_not_active" when the key is not active.
  Result<Rotation> rotate(TenantId tenant, KeyId key, AuditEvent event, bool set_default = false);

  // find by id, or by name; kNotFound for another tenant's and for purposes that are not shown.
  Result<KeyRecord> find(TenantId tenant, KeyId key);
  Result<KeyRecord> find(TenantId tenant, std::string_view name);
  struct Filter {
    std::optional<Purpose> purpose;    // kSign lists image keys too, as clients see them
    std::optional<std::string> state;  // absent: all but deleted ones
    std::int64_t offset = 0;
    std::int64_t limit = 50;
  };
  // list gives the newest first. The total of a filtered list counts up to 10,000.
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
  // default_history lists (key, version) of the tenant's default encrypt key,
  // newest first, then of former defaults: for payloads in parts, which name no key id.
  Result<std::vector<std::pair<KeyId, std::uint32_t>>> default_history(TenantId tenant);

  Result<std::shared_ptr<const SigningVersion>> default_signing(TenantId tenant, Purpose purpose,
                                                                bool may_block);
  Result<std::shared_ptr<const SigningVersion>> signing(TenantId tenant, KeyId key,
                                                        std::uint32_t version, bool may_block);

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

  // journal records endings (revocations, deletions) after their commit and
  // before the answer.
  Status journal(JournalEntry entry);
  [[nodiscard]] const RootKey& root() const;
  [[nodiscard]] std::vector<store::RowCacheBase*> caches();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::keyring
