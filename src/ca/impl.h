// CaService::Impl: what the files of the service share.
#pragma once

#include <array>
#include <mutex>

#include "ca/repository.h"
#include "ca/service.h"
#include "x509/issue.h"

namespace quantumapi::ca {

// TenantView is a tenant's policy with its authorities, which change together.
struct TenantView {
  Policy policy;
  std::vector<Authority> authorities;
  std::int64_t revision = 0;
};

struct CaService::Impl {
  Impl(store::Database& d, keyring::Keyring& k, access::AccessService& a, crypto::EntropyPool& e,
       const Clock& c, Metrics& m, Options o);

  template <typename Row>
  using Pointer = std::shared_ptr<const Row>;

  // -- rows, from the cache, else from the store; kWouldBlock
  // authority is whoever's it is; kNotFound.
  Result<Pointer<Authority>> authority(AuthorityId id, bool may_block = true);
  // view is the tenant's; where there is none, the default policy with revision 0.
  Result<Pointer<TenantView>> view(TenantId tenant);
  // identity gives one of the tenant's. A bound key that cannot reach it learns nothing else.
  Result<Pointer<Identity>> identity(const Principal& principal, IdentityId id);
  // identity_named does so by the text of an id, or by name.
  Result<Pointer<Identity>> identity_named(const Principal& principal, std::string_view text);

  // sole_identity is the account's, where it has exactly one.
  Result<Pointer<Identity>> sole_identity(const Principal& principal);

  // -- authorities
  struct Hierarchy {
    NewAuthority wanted;
    std::vector<Authority> made;  // the root first
    std::string domain;           // for the policy of a tenant that has none yet
  };
  // make_hierarchy makes keys and certificates; nothing is in the store but the keys. kConflict
  // "ca_name_conflict" and "too_many_cas" come before there are any.
  Result<Hierarchy> make_hierarchy(TenantId tenant, const NewAuthority& wanted);
  Result<Authority> make_root(TenantId tenant, const NewAuthority& wanted, std::string name);
  Result<Authority> make_intermediate(const Authority& root, std::string name);
  Result<std::shared_ptr<const keyring::SigningVersion>> make_key(TenantId tenant, AuthorityId id,
                                                                  x509::KeyType type);
  // make_direct makes the authority that /pki/issue needs.
  Result<Hierarchy> make_direct(TenantId tenant);
  // insert_hierarchy stores it, lets the tenant's policy name it, and records as ca.create that
  // whoever `event` names made it.
  // It gives the policy as it is then; where that named another issuer before, it records
  // ca.policy_update too.
  Result<Policy> insert_hierarchy(store::Transaction& tx, const Hierarchy& hierarchy,
                                  AuditEvent event);
  // take_place puts a new intermediate where the policy names one below the same root.
  static Result<bool> take_place(store::Transaction& tx, const Authority& issuer,
                                 std::optional<AuthorityId>& place);
  // stored_policy is the tenant's row as it is now, or the default to be inserted.
  Result<Policy> stored_policy(store::Transaction& tx, TenantId tenant, std::string_view domain);
  Status store_policy(store::Transaction& tx, const Policy& policy);
  Result<std::string> default_domain(TenantId tenant);
  // min_lifetime is the policy's, or the server's.
  [[nodiscard]] std::chrono::seconds min_lifetime(const Policy& policy) const {
    return policy.min_lifetime.value_or(options.min_lifetime);
  }
  // completed is the policy with what the server says where it names nothing.
  [[nodiscard]] Policy completed(Policy policy) const;
  // chain is the authority and those above it.
  Result<std::vector<Pointer<Authority>>> chain(AuthorityId id, bool may_block = true);
  Result<std::shared_ptr<const keyring::SigningVersion>> signer(const Authority& authority,
                                                                bool may_block = true);

  // -- revocation lists
  [[nodiscard]] bool is_complete(const RevocationRow& row) const;
  [[nodiscard]] bool is_fresh(const RevocationRow& row) const;
  Result<RevocationRow> sign_list(const Authority& authority, const RevocationRow& before);

  // -- identities
  Status complete_identity(Identity& identity, const Principal& principal,
                           std::string_view service_account);

  // -- issuing
  struct Task {
    Pointer<Identity> identity;
    Pointer<TenantView> tenant;
    AuthorityId authority;
    x509::CertificateRequest request;  // with the names that the certificate will say
    std::chrono::seconds lifetime;
    bool server_key = false;
    std::optional<CertificateId> renews;
  };
  Result<Task> task_of(const Principal& principal, Pointer<Identity> identity,
                       x509::CertificateRequest request,
                       std::optional<std::chrono::seconds> lifetime);
  Result<x509::ToBeSigned> prepare(const Task& task, const Authority& authority, WallTime now);
  Result<Issued> carry_out(const Principal& principal, const Task& task, AuditEvent event);
  // counted notes outcome and duration in the metrics.
  template <typename T>
  Result<T> counted(SteadyTime begun, Result<T> result);

  // own_certificate gives one of the tenant's that was issued.
  Result<Certificate> own_certificate(store::Transaction& tx, const Principal& principal,
                                      CertificateId id);

  struct Revocable {
    Certificate record;
    bool is_stored = false;
  };
  Result<Revocable> revocable(store::Transaction& tx, const Principal& principal,
                              const Revocation& wanted);

  std::mutex& signing(AuthorityId id) {
    return signing_lists[std::hash<AuthorityId>{}(id) % signing_lists.size()];
  }

  store::Database& database;
  keyring::Keyring& keys;
  access::AccessService& access;
  crypto::EntropyPool& entropy;
  const Clock& clock;
  const Options options;

  store::RowCache<Authority> authorities;
  store::RowCache<TenantView> views;
  store::RowCache<Identity> identities;
  store::RowCache<RevocationRow> lists;
  std::array<std::mutex, 16> signing_lists;  // one list of an authority at a time in this process

  base::Counter& issued_count;
  base::Counter& refused_count;
  base::Counter& failed_count;
  base::Histogram& issue_seconds;
};

std::unexpected<Error> no_such_authority();
std::unexpected<Error> no_such_identity();
std::unexpected<Error> no_such_certificate();
std::unexpected<Error> no_authority_yet();

// may_manage: kPermissionDenied unless the caller is an admin or owner by a key bound to nothing.
Status may_manage(const Principal& principal);
// may_view: kPermissionDenied for keys that are bound to something.
Status may_view(const Principal& principal);
// may_use: kPermissionDenied unless the identity is the caller's own account's.
Status may_use(const Principal& principal, const Identity& identity);

void concerns(AuditEvent& event, const Authority& authority);
void concerns(AuditEvent& event, const Policy& policy);
void concerns(AuditEvent& event, const Identity& identity);
void concerns(AuditEvent& event, const Certificate& certificate);

// on_a_second drops what certificates cannot say.
inline WallTime on_a_second(WallTime time) { return {time.seconds() * 1'000'000}; }

}  // namespace quantumapi::ca
