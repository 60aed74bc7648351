// The rows of the Certificate Authority: SQL and nothing else. Every function runs in a
// transaction of its caller.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ca/records.h"
#include "store/database.h"

namespace quantumapi::ca::repository {

// Tables that caches watch; each is also the topic of touch().
inline constexpr std::string_view kAuthorities = "certificate_authorities";
inline constexpr std::string_view kPolicies = "certificate_policies";
inline constexpr std::string_view kIdentities = "service_identities";
inline constexpr std::string_view kRevocationLists = "revocation_lists";

// insert_authority also begins its revocation list. kConflict "ca_name_conflict".
Status insert_authority(store::Transaction& tx, const Authority& authority);
Result<std::optional<Authority>> find_authority(store::Transaction& tx, AuthorityId id);
// list_authorities gives the oldest first: a root stands before what hangs on it.
Result<std::vector<Authority>> list_authorities(store::Transaction& tx, TenantId tenant);
// authorities_in_use are those of all tenants that a policy names and those above them, the ones
// that end first first.
Result<std::vector<Authority>> authorities_in_use(store::Transaction& tx, std::int64_t limit);

Result<std::optional<Policy>> find_policy(store::Transaction& tx, TenantId tenant);
// put_policy is false when the row no longer has `policy.revision` (0: when there is one now).
Result<bool> put_policy(store::Transaction& tx, const Policy& policy);

// insert_identity: kConflict "identity_conflict" when the name or the SPIFFE id is taken.
Status insert_identity(store::Transaction& tx, const Identity& identity);
// update_identity is false when the row no longer has `identity.revision`.
Result<bool> update_identity(store::Transaction& tx, const Identity& identity);
Status remove_identity(store::Transaction& tx, IdentityId id);
Result<std::optional<Identity>> find_identity(store::Transaction& tx, IdentityId id);
// list_account_identities gives at most `limit` of an account's.
Result<std::vector<Identity>> list_account_identities(store::Transaction& tx, TenantId tenant,
                                                      ServiceAccountId account, std::int64_t limit);
Result<std::vector<Identity>> list_identities(store::Transaction& tx, TenantId tenant,
                                              std::int64_t offset, std::int64_t limit);
Result<std::int64_t> count_identities(store::Transaction& tx, TenantId tenant, std::int64_t bound);

// insert_certificate stores a certificate that is to be signed.
Status insert_certificate(store::Transaction& tx, const Certificate& certificate);
// finish_certificate makes a pending one issued; false when it is no longer pending. `record` is
// what was inserted.
Result<bool> finish_certificate(store::Transaction& tx, Certificate record, ByteView der);
// revoke_certificate is false when it was revoked before. One that is pending is never issued then.
Result<bool> revoke_certificate(store::Transaction& tx, CertificateId id, WallTime now,
                                x509::RevocationReason reason);
Result<std::optional<Certificate>> find_certificate(store::Transaction& tx, CertificateId id);
Result<std::optional<Bytes>> find_body(store::Transaction& tx, CertificateId id);
// read_names completes a record with what its body says.
Status read_names(ByteView der, Certificate& out);

// Selection is a list's filter as the statements take it.
struct Selection {
  TenantId tenant;
  std::optional<IdentityId> identity;
  std::string_view state;  // empty: all but pending ones
  WallTime ends_after;     // not_after in (ends_after, ends_by]
  WallTime ends_by;
  bool by_end = false;  // those that end first; else the newest first
};
// list_certificates gives them with their names.
Result<std::vector<Certificate>> list_certificates(store::Transaction& tx,
                                                   const Selection& selection, std::int64_t offset,
                                                   std::int64_t limit);
// count_certificates is exact up to `bound`, and `bound` above it.
Result<std::int64_t> count_certificates(store::Transaction& tx, const Selection& selection,
                                        std::int64_t bound);

// Expiry is when the newest certificate of an identity ends, of those that were not revoked: the
// one that was issued last, which may end before an older one.
struct Expiry {
  TenantId tenant;
  std::string identity;
  WallTime not_after;
};
// list_expiries gives those that end first, of identities whose newest certificate lives;
// list_ended those that ended last, of the others, and after `after`.
Result<std::vector<Expiry>> list_expiries(store::Transaction& tx, WallTime now, std::int64_t limit);
Result<std::vector<Expiry>> list_ended(store::Transaction& tx, WallTime after, WallTime now,
                                       std::int64_t limit);

Result<std::optional<RevocationRow>> find_revocation_list(store::Transaction& tx, AuthorityId id);
// note_revocation makes the authority's list incomplete.
Status note_revocation(store::Transaction& tx, AuthorityId id);
// put_revocation_list is false when the one before is not that of number `before` any more.
Result<bool> put_revocation_list(store::Transaction& tx, const RevocationRow& list,
                                 std::int64_t before);
// list_revoked gives what the authority's list must hold: what was revoked and ends after `after`.
// Revocations of which only the journal knew are in the list of each authority of the tenant.
Result<std::vector<x509::RevokedCertificate>> list_revoked(store::Transaction& tx, TenantId tenant,
                                                           AuthorityId authority, WallTime after);

}  // namespace quantumapi::ca::repository
