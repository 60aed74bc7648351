// The SQL of keys.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "keyring/keyring.h"
#include "store/database.h"

namespace quantumapi::keyring::repository {

// KeyRow is what every use of a key is decided by; cached.
struct KeyRow {
  KeyId id;
  TenantId tenant;
  std::string name;
  bool visible;  // below /keys
  Purpose purpose;
  std::string_view algorithm;  // a constant
  std::uint32_t latest_version;
  std::uint32_t min_decryption_version;
  std::string state;
  std::optional<WallTime> expires_at;
  std::int64_t revision;
};

// DefaultRow names the default key of a tenant for a purpose; cached.
struct DefaultRow {
  KeyId key;
  std::int64_t revision;
};

// default_id is the id of the row for (tenant, purpose).
Uuid default_id(TenantId tenant, Purpose purpose);

Result<std::optional<KeyRow>> find_row(store::Transaction& tx, KeyId id);
Result<std::optional<DefaultRow>> find_default(store::Transaction& tx, const Uuid& id);
Result<std::optional<Bytes>> find_wrapped(store::Transaction& tx, KeyId id, std::uint32_t version);

Result<std::optional<KeyRecord>> find_visible(store::Transaction& tx, TenantId tenant, KeyId id);
Result<std::optional<KeyRecord>> find_visible(store::Transaction& tx, TenantId tenant,
                                              std::string_view name);
// find_any also gives keys that are not visible.
Result<std::optional<KeyRecord>> find_any(store::Transaction& tx, TenantId tenant, KeyId id);
Result<bool> name_taken(store::Transaction& tx, TenantId tenant, bool visible,
                        std::string_view name);
Result<KeyPage> list(store::Transaction& tx, TenantId tenant, const Keyring::Filter& filter,
                     WallTime now);
Result<std::vector<std::pair<KeyId, std::uint32_t>>> default_history(store::Transaction& tx,
                                                                     const Uuid& default_row);

struct NewVersion {
  KeyId key;
  std::uint32_t version;
  const Bytes& wrapped;
  const Bytes& public_key;
  std::string_view sources;
  bool quantum;
  WallTime at;
};
// insert_key: kConflict "key_name_conflict" when the name is taken.
Status insert_key(store::Transaction& tx, const Keyring::Prepared& key);
Status insert_version(store::Transaction& tx, const NewVersion& version);
Status set_default(store::Transaction& tx, TenantId tenant, Purpose purpose, KeyId key,
                   WallTime now);
Status count(store::Transaction& tx, TenantId tenant, const Uuid& id, std::int64_t delta);

// take_version gives the number of the next version to no one else. Nothing
// when the key is not active.
Result<std::optional<std::uint32_t>> take_version(store::Transaction& tx, TenantId tenant,
                                                  KeyId key);
// use_version makes a stored version the newest. False when the key is not active.
Result<bool> use_version(store::Transaction& tx, TenantId tenant, KeyId key, std::uint32_t version,
                         WallTime now);

Status put_personal_key(store::Transaction& tx, TenantId tenant, const Uuid& principal,
                        ByteView wrapped, WallTime now);
Result<std::optional<Bytes>> find_personal_key(store::Transaction& tx, TenantId tenant,
                                               const Uuid& principal);
Status put_lookup_key(store::Transaction& tx, const Uuid& id, ByteView wrapped, WallTime now);
Result<std::optional<Bytes>> find_lookup_key(store::Transaction& tx, const Uuid& id);
Result<std::optional<Uuid>> newest_lookup_key(store::Transaction& tx);

}  // namespace quantumapi::keyring::repository
