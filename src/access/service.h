// AccessService: tenants, service accounts and their API keys; authentication.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/groups.h"
#include "access/network.h"
#include "base/principal.h"
#include "crypto/entropy.h"
#include "keyring/keyring.h"
#include "store/database.h"
#include "store/row_cache.h"

namespace quantumapi::access {

// Authenticated is what a valid key stands for. Immutable and shared.
struct Authenticated {
  Principal principal;
  SecretBytes personal_key;  // seals the principal's personal data in records
  std::optional<WallTime> expires_at;
  std::vector<Network> networks;  // where requests may come from; empty: anywhere
  std::int64_t rate_limit = 0;    // requests a minute; 0: no limit
};

struct ApiKeyRecord {
  ApiKeyId id;
  TenantId tenant;
  ServiceAccountId account;
  std::string account_name;
  std::string name;
  std::string prefix;  // "qapi_" and the 15 id characters: enough to recognise it
  Role role;
  std::vector<std::string> scopes;
  std::vector<base::Binding> bindings;
  WallTime created_at;
  std::optional<WallTime> expires_at;
  std::optional<WallTime> revoked_at;
  std::string description;
  std::vector<std::string> addresses;  // networks in CIDR form
  std::int64_t rate_limit = 0;
  std::optional<ApiKeyId> replaced_by;     // the key that a rotation made of this one
  std::optional<WallTime> last_used_at{};  // to the minute
};

struct NewApiKey {
  std::string name;             // 1-100 characters
  std::string service_account;  // found by name, made when absent; empty: named as the key
  Role role = Role::kMember;
  std::vector<std::string> scopes;  // expanded and checked by the service
  std::vector<base::Binding>
      bindings;  // id or name given; the other filled in by the caller's product
  std::optional<WallTime> expires_at;    // in the future
  std::string description{};             // at most 1,000 characters
  std::vector<std::string> addresses{};  // at most 100 networks or addresses
  std::int64_t rate_limit = 0;           // requests a minute, at most 1,000,000; 0: no limit
};

struct CreatedApiKey {
  SecretBytes text;  // shown once, never stored
  ApiKeyRecord record;
};

struct Explanation;  // explain.h

class AccessService {
 public:
  AccessService(store::Database& database, keyring::Keyring& keyring, crypto::EntropyPool& entropy,
                const Clock& clock);
  ~AccessService();

  // authenticate: one answer (kUnauthenticated "unauthenticated") for malformed,
  // unknown and wrong keys. Unknown ids and wrong secrets also take one way, at
  // one cost: one read of the store and one MAC, compared in constant time,
  // whatever is in memory, which answers texts alone that were shown right
  // before. A malformed key costs the MAC; its form tells it from the others, and
  // it never reaches the store. kPermissionDenied "key_revoked" for a right key
  // that was revoked, kUnauthenticated "key_expired" from the very microsecond
  // of expires_at on. kWouldBlock when the store would have to be asked and
  // may_block is false.
  Result<std::shared_ptr<const Authenticated>> authenticate(std::string_view credential,
                                                            WallTime now, bool may_block);

  // macs_computed is how many credentials were compared by their MAC since the start.
  [[nodiscard]] std::uint64_t macs_computed() const;

  // admit checks what limits a key beside its scope. kPermissionDenied
  // "address_not_allowed" when `peer` is outside the key's networks;
  // kRateLimited with Retry-After past its rate (rates.h), which requests from outside
  // its networks have one of their own of; kWouldBlock when the
  // store must be asked for the rate and may_block is false. A request is
  // admitted once: it counts against the rate. Notes the use of the key, which
  // is written later (start).
  Status admit(const Authenticated& caller, std::string_view peer, bool may_block);
  // admit_to counts a request against the `limit` a minute that an action has for
  // each key. Refusals as admit's.
  Status admit_to(const Authenticated& caller, std::string_view action, std::int64_t limit,
                  bool may_block);
  // rate is where the key stands with its limit.
  struct Rate {
    std::int64_t limit = 0;      // requests a minute
    std::int64_t remaining = 0;  // that would pass now
    WallTime reset{};            // when all of them would again
  };
  // rate: a key without a limit is told the largest number there is (2^31 - 1)
  // for both, which no client takes for an exhausted one.
  Result<Rate> rate(const Principal& principal);
  // start begins to write last uses, every few seconds; stop writes what is left.
  void start();
  void stop();
  // write_uses writes what is noted, at most once a minute a key.
  Status write_uses();

  struct Tenant {
    TenantId id;
    std::string name;
    std::string environment;
  };
  struct NewTenant {
    std::string name;
    std::string environment = "Development";  // Development | Staging | Production
    std::string owner = "owner";              // name of the first service account
  };
  struct CreatedTenant {
    Tenant tenant;
    CreatedApiKey owner_key;
  };
  // create_tenant makes the tenant, its default keys (ML-KEM-768 encryption,
  // ML-DSA-65 signing, vault and audit keys) and the owner's API key with every
  // scope, all in one transaction. It is an event of the new tenant's log, and of
  // the one that `event` names. kConflict "tenant_name_conflict".
  Result<CreatedTenant> create_tenant(const NewTenant& tenant, AuditEvent event);
  // check_operator: kPermissionDenied "insufficient_scope" unless the caller is an
  // owner of the first tenant, bound to nothing: whoever runs the platform.
  Status check_operator(const Principal& principal);
  // list_tenants lists all of them to operators, the oldest first.
  Result<std::vector<Tenant>> list_tenants(const Principal& principal);
  Result<Tenant> first_tenant();
  Result<Tenant> find_tenant(TenantId tenant);
  Result<Tenant> find_tenant(std::string_view name);

  struct Account {
    ServiceAccountId id;
    std::string name;
  };
  // find_account gives a service account of the tenant by its name, or by its id's text.
  Result<Account> find_account(TenantId tenant, std::string_view id_or_name);

  // create_key: a key cannot grant what its maker lacks (scopes.h, may_grant).
  Result<CreatedApiKey> create_key(const Principal& maker, const NewApiKey& key, AuditEvent event);
  struct KeyPage {
    std::vector<ApiKeyRecord> keys;
    std::int64_t total = 0;
  };
  Result<KeyPage> list_keys(const Principal& principal, std::int64_t offset, std::int64_t limit);
  Result<ApiKeyRecord> find_key(const Principal& principal, ApiKeyId id);
  // revoke is in force in this process when it returns and on every replica
  // within a second; idempotent. kUnavailable when it holds but the key journal
  // could not take it yet: the call may be made again.
  Status revoke(const Principal& principal, ApiKeyId id, AuditEvent event);
  // revoke_again revokes what a restore of the store brought back; false when there is nothing to
  // do.
  Result<bool> revoke_again(TenantId tenant, ApiKeyId id);
  // rotate makes a key with the power of `id`, and lets that one work for
  // `overlap` more (at most 7 days), or to its own end where that comes first.
  // The caller must be able to grant all that the key has. kConflict for a key
  // that was revoked, has expired or was rotated before.
  Result<CreatedApiKey> rotate(const Principal& principal, ApiKeyId id,
                               std::chrono::seconds overlap, AuditEvent event);
  // create_owner_key makes a further owner key from the host itself
  // (`quantumapid apikey`), for those who lost theirs.
  Result<CreatedApiKey> create_owner_key(TenantId tenant, std::string_view name, AuditEvent event);

  // Resource groups. A key bound to one (a binding of type "group") reaches
  // what the group holds at the time: a change holds at once in this process
  // and within a second on every replica. Changes need the role admin and a key
  // bound to nothing. kConflict "group_name_conflict" for a name that is taken.
  Result<std::vector<Group>> list_groups(const Principal& principal);
  Result<GroupWithItems> find_group(const Principal& principal, const Uuid& id);
  Result<Group> create_group(const Principal& principal, std::string_view name,
                             std::string_view description, AuditEvent event);
  // update_group keeps the description where none is given.
  Result<Group> update_group(const Principal& principal, const Uuid& id, std::string_view name,
                             std::optional<std::string_view> description, AuditEvent event);
  Status delete_group(const Principal& principal, const Uuid& id, AuditEvent event);
  // add_to_group: `type` is Secret, CryptoKey or ApiKey; may be repeated.
  Status add_to_group(const Principal& principal, const Uuid& id, std::string_view type,
                      const Uuid& resource, AuditEvent event);
  Status remove_from_group(const Principal& principal, const Uuid& id, const Uuid& item,
                           AuditEvent event);

  // explain answers which keys that are not revoked reach a secret or a key
  // (type "secret" | "key" | "identity"; id, or name where the id is nil), to admins and owners.
  // A name that nothing has is answered too: a binding may wait for it.
  Result<Explanation> explain(const Principal& principal, std::string_view type, const Uuid& id,
                              std::string_view name);

  [[nodiscard]] std::vector<store::RowCacheBase*> caches();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::access
