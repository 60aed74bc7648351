// What the parts of AccessService share: authentication, tenants, API keys.
#pragma once

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "access/api_key.h"
#include "access/rates.h"
#include "access/repository.h"
#include "access/service.h"
#include "access/uses.h"
#include "base/passed_time.h"
#include "crypto/hash.h"

namespace quantumapi::access {

// MacKey is an unwrapped look-up key; shared by all rows that were made under it.
using MacKey = std::shared_ptr<const crypto::HmacSha3Key>;

// CachedKey is all that deciding on a key takes whose text was shown right. `proof` is the SHA-256
// of that text, keyed by this process alone: what a client sends again costs a quarter of the MAC.
// No other text is answered by it.
struct CachedKey {
  std::shared_ptr<const Authenticated> who;
  crypto::Digest proof{};
  bool revoked = false;
  // What groups hold changes without the key's row: such a key is read again soon.
  bool has_groups = false;
  SteadyTime groups_until{};
  std::uint64_t groups_seen = 0;
};

struct AccessService::Impl {
  Impl(store::Database& d, keyring::Keyring& k, crypto::EntropyPool& e, const Clock& c);

  // -- authentication (service.cc)
  Result<std::shared_ptr<const CachedKey>> load(ApiKeyId id, std::string_view credential,
                                                const crypto::Digest& proof);
  Result<std::shared_ptr<const CachedKey>> fill(CachedKey key, ApiKeyRow row);
  Result<MacKey> mac_key(const Uuid& id);
  [[nodiscard]] crypto::Digest proof_of(std::string_view credential) const;
  [[nodiscard]] bool proves(const CachedKey* key, const crypto::Digest& proof) const;
  [[nodiscard]] bool is_current(const CachedKey& key) const;
  [[nodiscard]] bool is_right(std::string_view credential, const crypto::HmacSha3Key& key,
                              const crypto::Digest* mac);

  // -- making keys (keys.cc)
  // Draft is a key drawn and authenticated, ready to be inserted.
  struct Draft {
    SecretBytes text;
    ApiKeyRow row;
  };
  Result<Draft> draft(TenantId tenant, const NewApiKey& key, std::vector<std::string> scopes,
                      ApiKeyId created_by);
  // NewAccount is an account that may have to be made with the key.
  struct NewAccount {
    AccountRow row;
    Bytes personal_key;  // wrapped; empty where the account existed
  };
  Result<NewAccount> prepare_account(TenantId tenant, const std::string& name);
  Status insert_account_in(store::Transaction& tx, TenantId tenant, const NewAccount& account,
                           WallTime now);

  store::Database& database;
  keyring::Keyring& keyring;
  crypto::EntropyPool& entropy;
  const Clock& clock;
  store::RowCache<CachedKey> cache;
  std::atomic<std::uint64_t> groups_changed = 0;  // in this process
  Uses uses;
  Rates rates;

  std::mutex mac_keys_mutex;
  std::unordered_map<Uuid, MacKey> mac_keys;  // few, and they never change
  MacKey dummy;                               // what keys without a row are compared under
  std::atomic<std::uint64_t> macs = 0;        // computed
  SecretBytes proof_key;

  base::PassedTime time_passed;  // expiry is decided by it
};

// check_text refuses a text that is blank, longer than `most` characters, or
// holds control characters. kInvalidArgument names `field`.
Status check_text(std::string field, std::string_view text, std::size_t most);

// may_limit refuses a key that would escape what limits its maker: bindings, networks,
// rate, end of life. It looks at the maker's row as it is in `tx`.
Status may_limit(store::Transaction& tx, ApiKeyId maker, const ApiKeyRecord& made);

// resolve_groups appends what the groups among the bindings hold.
Status resolve_groups(store::Transaction& tx, TenantId tenant,
                      std::vector<base::Binding>& bindings);
// check_groups: kInvalidArgument names a binding whose group the tenant lacks.
Status check_groups(store::Transaction& tx, TenantId tenant,
                    std::span<const base::Binding> bindings);
// check_bound: kInvalidArgument names a binding whose id and name are not of one secret or key.
Status check_bound(store::Transaction& tx, TenantId tenant,
                   std::span<const base::Binding> bindings);

}  // namespace quantumapi::access
