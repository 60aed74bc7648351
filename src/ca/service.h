// CaService: the certificate authorities of tenants, and the certificates of their services.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/service.h"
#include "base/audit_event.h"
#include "base/metrics.h"
#include "base/principal.h"
#include "ca/policy.h"
#include "ca/records.h"
#include "crypto/entropy.h"
#include "keyring/keyring.h"
#include "store/database.h"
#include "store/row_cache.h"

namespace quantumapi::ca {

// CaService decides who gets which certificate. Authorities and identities are made by
// admins and owners; a service account gets certificates of its own identities and of no
// other's, whatever its role. Another tenant's object is kNotFound. Safe from any thread.
class CaService {
 public:
  struct Options {
    std::chrono::seconds min_lifetime = kMinLifetime;  // where a tenant's policy names none
    std::string public_url;  // "https://host:8443", for cRLDistributionPoints; empty: none
  };
  CaService(store::Database& database, keyring::Keyring& keyring, access::AccessService& access,
            crypto::EntropyPool& entropy, const Clock& clock, Metrics& metrics, Options options);
  ~CaService();

  // -- authorities (authorities.cc)
  struct NewAuthority {
    std::string name;          // of the issuer; its root, where it has one, is "NAME root"
    bool direct = false;       // one root that issues itself
    bool classical = false;    // ECDSA P-256, for peers that know no ML-DSA
    bool set_default = false;  // the tenant's issuer from now on; its first one is anyway
  };
  // Made is a new authority, those above it, and the policy as the same commit left it.
  struct Made {
    std::vector<Authority> chain;
    Policy policy;
  };
  // create_authority makes a root (ten years) and, unless it is direct, an intermediate below
  // it (one year) and gives them, the issuer first. kConflict "ca_name_conflict", and
  // "too_many_cas" past 100 that have not ended. set_default is for owners where the policy names
  // an issuer of that kind already.
  Result<Made> create_authority(const Principal& principal, const NewAuthority& authority,
                                AuditEvent event);
  // create_first is create_authority by the platform itself, for a tenant that has none;
  // `server_keys` as update_policy turns them on.
  Status create_first(TenantId tenant, bool server_keys, AuditEvent event);
  // renew_authority makes an intermediate with a new key below the same root. It takes the place of
  // whichever one below that root the policy names, not of another root's; what the old one signed
  // stays valid. It ends after a year, or with its root: kConflict "ca_root_expired" in the last
  // day of that.
  Result<Made> renew_authority(const Principal& principal, AuthorityId id, AuditEvent event);
  Result<std::vector<Authority>> list_authorities(const Principal& principal);
  // find_authority gives the authority and those above it, up to the root.
  Result<std::vector<Authority>> find_authority(const Principal& principal, AuthorityId id);
  // public_chain is find_authority for anyone: certificates are public.
  Result<std::vector<Authority>> public_chain(AuthorityId id);
  // issuers gives, to anyone, every authority of the same tenant that issues and has not expired:
  // those whose lists a service reads to know which of its peers were revoked.
  Result<std::vector<Authority>> issuers(AuthorityId id);
  // direct_root is the root that clients of the /pki routes pin: the direct issuer, else the root
  // of the tenant's issuer. kNotFound "no_ca".
  Result<Authority> direct_root(TenantId tenant);

  // -- policy (policies.cc)
  // policy always names a min_lifetime.
  Result<Policy> policy(const Principal& principal);
  struct PolicyUpdate {
    std::optional<bool> server_keys;
    std::optional<std::string> trust_domain;
    std::optional<AuthorityId> issuer;            // must issue ML-DSA
    std::optional<AuthorityId> classical_issuer;  // must issue ECDSA
    // From kShortestLifetime, or the server's where that is shorter, to kLongestMinLifetime.
    std::optional<std::chrono::seconds> min_lifetime;
    bool servers_min_lifetime = false;  // in place of min_lifetime: the server's again
  };
  // update_policy is for owners. Turning server_keys on makes the direct issuer, "pki", where there
  // is none, and records that as create_authority does and refuses it as that does.
  Result<Policy> update_policy(const Principal& principal, const PolicyUpdate& update,
                               AuditEvent event);

  // -- revocation lists (revocation_lists.cc)
  // revocation_list is complete: it holds every revocation that was answered in this process, and
  // others' at most half a second later. It is signed where it is not, or is half as old as it may
  // become. kWouldBlock.
  Result<std::shared_ptr<const RevocationRow>> revocation_list(AuthorityId id, bool may_block);

  // -- identities (identities.cc)
  struct NewIdentity {
    std::string name;
    std::string service_account;  // name or id; empty: the caller's own
    std::string spiffe_namespace = "default";
    std::string spiffe_name;  // last segment of the SPIFFE id; empty: the name
    std::vector<std::string> dns_names;
    std::vector<std::string> addresses;
    std::vector<x509::KeyType> key_types{x509::KeyType::kMlDsa65};
    bool client_auth = true;
    bool server_auth = true;
    std::chrono::seconds lifetime = kDefaultLifetime;
    std::chrono::seconds max_lifetime = kDefaultLifetime;
  };
  Result<Identity> create_identity(const Principal& principal, const NewIdentity& identity,
                                   AuditEvent event);
  // IdentityUpdate changes what is set. Certificates that were issued stay as they are.
  struct IdentityUpdate {
    std::optional<std::string> service_account;
    std::optional<std::vector<std::string>> dns_names;
    std::optional<std::vector<std::string>> addresses;
    std::optional<std::vector<x509::KeyType>> key_types;
    std::optional<bool> client_auth;
    std::optional<bool> server_auth;
    std::optional<std::chrono::seconds> lifetime;
    std::optional<std::chrono::seconds> max_lifetime;
  };
  Result<Identity> update_identity(const Principal& principal, IdentityId id,
                                   const IdentityUpdate& update, AuditEvent event);
  // remove_identity ends issuing; its certificates stay valid until they end or are revoked.
  Status remove_identity(const Principal& principal, IdentityId id, AuditEvent event);
  Result<Identity> find_identity(const Principal& principal, IdentityId id);
  struct IdentityPage {
    std::vector<Identity> identities;
    std::int64_t total = 0;  // counted up to kCountBound
    bool has_more = false;
  };
  static constexpr std::int64_t kCountBound = 10'000;
  Result<IdentityPage> list_identities(const Principal& principal, std::int64_t offset,
                                       std::int64_t limit);

  // -- certificates (issue.cc, certificates.cc)
  // issue records, signs, and answers once the certificate is in the store with its audit event;
  // whatever fails on the way leaves at most a record that is pending. kPermissionDenied when the
  // identity is another account's or the policy forbids what the CSR asks for, kConflict
  // "no_ca" or "ca_expired".
  struct Order {
    // Name or id; where it is empty the common name of the CSR is the name, and where that is
    // empty too, the account's only identity is meant.
    std::string_view identity;
    std::string_view csr;  // PKCS#10, PEM
    std::optional<std::chrono::seconds> lifetime;
  };
  Result<Issued> issue(const Principal& principal, const Order& order, AuditEvent event);
  // renew issues for the identity of a certificate that is not revoked; `order` names the
  // certificate's identity or none. The CSR must be of a new key.
  Result<Issued> renew(const Principal& principal, CertificateId id, const Order& order,
                       AuditEvent event);
  // issue_with_key makes the key too, from the entropy pool, and keeps none of it.
  // kPermissionDenied "server_keys_disabled" unless the tenant's policy allows it.
  Result<IssuedWithKey> issue_with_key(const Principal& principal, std::string_view identity,
                                       x509::KeyType type,
                                       std::optional<std::chrono::seconds> lifetime,
                                       AuditEvent event);

  // Filter is a search: a certificate must be all that is set.
  struct Filter {
    std::int64_t offset = 0;
    std::int64_t limit = 50;
    std::optional<std::string> identity;  // name or id
    std::optional<CertificateId> serial;
    // pending, active, expired or revoked; absent: all but pending.
    std::optional<std::string> status;
    std::optional<WallTime> expires_after;
    std::optional<WallTime> expires_before;
  };
  struct Page {
    std::vector<Certificate> certificates;
    std::int64_t total = 0;  // counted up to kCountBound
    bool has_more = false;
  };
  // list: kNotFound for an identity that is none and never had a certificate.
  Result<Page> list(const Principal& principal, const Filter& filter);
  struct Found {
    Certificate record;
    Bytes certificate;  // empty while it is pending
    std::vector<Bytes> intermediates;
  };
  Result<Found> find(const Principal& principal, CertificateId id);
  // revoke holds at once here and within a second on every replica; it is final, and a
  // second time changes nothing. Members may revoke what is their account's alone.
  // kUnavailable when it holds but the key journal could not take it yet: call again.
  // Presented is a certificate that the store, restored from an older backup, knows nothing of, or
  // has as pending: admins and owners revoke it where an authority of the tenant signed it.
  struct Presented {
    Bytes der;  // of the certificate with the id
    WallTime not_after;
  };
  struct Revocation {
    CertificateId id;
    x509::RevocationReason reason = x509::RevocationReason::kUnspecified;
    std::optional<Presented> presented{};  // not looked at where the store knows it
  };
  Result<Certificate> revoke(const Principal& principal, const Revocation& wanted,
                             AuditEvent event);
  // revoke_again revokes what a restore of the store brought back, as issued or as pending, or
  // lost; false when it is revoked already.
  Result<bool> revoke_again(TenantId tenant, CertificateId id, WallTime at);

  // -- metrics (expiry_watch.h)
  struct Expiries {
    struct Entry {
      TenantId tenant;
      std::string name;
      WallTime not_after;
    };
    // Each its newest certificate that was not revoked: those that end first, then those that
    // ended last, within kEndedShown.
    std::vector<Entry> identities;
    // Those that a policy names and those above them, that end first: what was superseded issues
    // nothing any more.
    std::vector<Entry> authorities;
  };
  static constexpr std::chrono::seconds kEndedShown{86'400};
  // expiries gives at most `limit` of each: live identities, ended ones, authorities.
  Result<Expiries> expiries(std::int64_t limit);

  [[nodiscard]] std::vector<store::RowCacheBase*> caches();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::ca
