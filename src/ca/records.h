// What the Certificate Authority keeps: authorities, policies, identities, certificates.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/secret_bytes.h"
#include "x509/crl.h"
#include "x509/key_type.h"
#include "x509/request.h"

namespace quantumapi::ca {

using AuthorityId = base::Id<struct AuthorityTag>;
using IdentityId = base::Id<struct IdentityTag>;
// CertificateId is the serial number, so that a serial names its row.
using CertificateId = base::Id<struct CertificateTag>;

// Authority is one CA certificate and the key that belongs to it.
struct Authority {
  AuthorityId id;
  TenantId tenant;
  std::string name;                   // unique in the tenant, the common name of its certificate
  std::optional<AuthorityId> parent;  // who signed it; a root has none
  bool issues = false;                // signs certificates of services
  x509::KeyType key_type = x509::KeyType::kMlDsa65;
  KeyId key;
  std::uint32_t key_version = 1;
  Bytes certificate;  // DER
  WallTime not_before;
  WallTime not_after;
  WallTime created_at;
  std::int64_t revision = 1;
};

// Policy is what a tenant decided. Tenants without an authority have the default one.
struct Policy {
  TenantId tenant;
  std::optional<AuthorityId> issuer;            // of ML-DSA keys
  std::optional<AuthorityId> classical_issuer;  // of ECDSA keys; none: there are no such
  std::optional<AuthorityId> direct_issuer;     // of the /pki routes: a root that issues itself
  bool server_keys = false;                     // POST /pki/issue may make keys
  std::string trust_domain;                     // of SPIFFE ids of identities made from now on
  std::optional<std::chrono::seconds> min_lifetime;  // none: the server's
  std::int64_t revision = 0;                         // 0: no row yet
};

// Identity is who may hold which certificate.
struct Identity {
  IdentityId id;
  TenantId tenant;
  std::string name;  // unique in the tenant, the common name of its certificates
  ServiceAccountId account;
  std::string account_name;
  std::string spiffe_id;               // in each of its certificates
  std::vector<std::string> dns_names;  // "api.example.org", "*.example.org": one label more
  std::vector<std::string> addresses;
  std::vector<x509::KeyType> key_types;
  bool client_auth = true;
  bool server_auth = true;
  std::chrono::seconds lifetime{0};  // where a request names none
  std::chrono::seconds max_lifetime{0};
  WallTime created_at;
  std::optional<WallTime> updated_at;
  std::int64_t revision = 1;
};

// identity_id is UUIDv8 of SHA-256(tenant || name): an identity is its name.
IdentityId identity_id(TenantId tenant, std::string_view name);

// State is how far a certificate got. What is pending was recorded and, for all that is
// known, never signed: it counts as no certificate.
enum class State : std::uint8_t { kPending, kIssued, kRevoked };
std::string_view to_string(State state);  // "pending", "issued", "revoked"

// Certificate is a record of `certificates`, without the signed octets.
struct Certificate {
  CertificateId id;
  TenantId tenant;
  AuthorityId authority;
  IdentityId identity;
  std::string identity_name;
  State state = State::kPending;
  x509::KeyType key_type = x509::KeyType::kMlDsa65;
  Bytes key_sha256;  // of the SubjectPublicKeyInfo
  Bytes tbs_sha256;  // of what was to be signed
  bool server_key = false;
  ServiceAccountId account;             // who asked for it
  std::optional<CertificateId> renews;  // the one it takes the place of
  WallTime not_before;
  WallTime not_after;
  WallTime created_at;
  std::optional<WallTime> revoked_at;
  x509::RevocationReason reason = x509::RevocationReason::kUnspecified;
  x509::SubjectNames names{};  // where it was listed, found or issued: what it says
};

// status_of is what clients read: "pending", "active", "expired" or "revoked".
std::string_view status_of(const Certificate& certificate, WallTime now);

// serial_hex is the serial number in lower case: 32 digits.
std::string serial_hex(CertificateId id);

// RevocationRow is the newest revocation list of an authority.
struct RevocationRow {
  AuthorityId id;
  std::int64_t changes = 0;  // revocations there were
  std::int64_t covers = 0;   // of them in `der`
  std::int64_t number = 0;   // cRLNumber; 0: none was signed yet
  WallTime this_update;
  WallTime next_update;
  Bytes der;
  std::int64_t revision = 1;
};

// Issued is a certificate with what its holder presents and trusts. DER.
struct Issued {
  Certificate record;
  Bytes certificate;
  std::vector<Bytes> intermediates;  // from its issuer up, the root excluded
  std::vector<Bytes> roots;          // of the tenant, of the same family of keys, not expired
};

struct IssuedWithKey {
  Issued issued;
  SecretBytes private_key_pem;  // PKCS#8; kept nowhere
};

}  // namespace quantumapi::ca
