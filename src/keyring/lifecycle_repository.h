// The SQL of a key's life after its making: changes, versions, deletion.
#pragma once

#include <functional>
#include <vector>

#include "keyring/keyring.h"
#include "store/database.h"

namespace quantumapi::keyring::repository {

// update writes name, description, labels, state, protection and end of `key`. kConflict
// "key_name_conflict" when another key has the name.
Status update(store::Transaction& tx, const KeyRecord& key, WallTime now);
Status set_minimum(store::Transaction& tx, TenantId tenant, KeyId key, std::uint32_t version,
                   WallTime now);
// versions gives id, number and time of each version, the newest first.
Result<std::vector<VersionRecord>> versions(store::Transaction& tx, KeyId key);
Result<std::optional<Bytes>> find_public_key(store::Transaction& tx, KeyId key,
                                             std::uint32_t version);

// schedule keeps the state that the key had for unschedule.
Status schedule(store::Transaction& tx, TenantId tenant, KeyId key, WallTime at, WallTime now);
Status unschedule(store::Transaction& tx, TenantId tenant, KeyId key, WallTime now);

// due gives up to `limit` keys whose time has come and whose material stands.
struct DueKey {
  KeyId key;
  TenantId tenant;
};
Result<std::vector<DueKey>> due(store::Transaction& tx, WallTime now, std::int64_t limit);
// end deletes a scheduled key for good; false when it is not due or deleted already.
Result<bool> end(store::Transaction& tx, const DueKey& key, WallTime now);
// destroy overwrites the wraps of a deleted key's versions.
Status destroy(store::Transaction& tx, const DueKey& key, WallTime now);

// measure gives the octets of each tenant's shown keys and how many they are.
Status measure(store::Transaction& tx,
               const std::function<void(TenantId, std::int64_t, std::int64_t)>& each);

}  // namespace quantumapi::keyring::repository
