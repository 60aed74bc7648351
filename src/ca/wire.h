// What the Certificate Authority reads and writes on the wire.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
#include "ca/service.h"

namespace quantumapi::ca {

inline constexpr std::string_view kNamesFact = R"("maxItems":50)";
inline constexpr std::string_view kKeyTypesFact =
    R"({"type":"array","minItems":1,"items":{"type":"string","enum":["ML-DSA-65","ECDSA-P256"]}})";
inline constexpr std::string_view kUsagesFact =
    R"({"type":"array","minItems":1,"items":{"type":"string","enum":["clientAuth","serverAuth"]}})";
inline constexpr std::string_view kLifetimeFact =
    R"("minLength":2,"pattern":"^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$")";
inline constexpr std::string_view kCsrFact = R"("minLength":1,"maxLength":32768)";

// -- authorities

struct CreateAuthorityRequest {
  std::string name;
  std::optional<bool> direct;
  std::optional<bool> classical;
  std::optional<bool> set_default;
};
BOOST_DESCRIBE_STRUCT(CreateAuthorityRequest, (), (name, direct, classical, set_default))
constexpr auto schema_facts(const CreateAuthorityRequest*) {
  return std::to_array<json::Fact>({
      {"name",
       R"("minLength":1,"maxLength":56,"pattern":"^[A-Za-z0-9._-]([A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$")"},
  });
}

struct AuthorityReply {
  AuthorityId id;
  std::string name;
  std::string_view type;  // "root" | "intermediate"
  bool issues = false;
  bool in_force = false;  // the policy has it issue what is new
  std::optional<AuthorityId> parent_id;
  std::string_view key_type;
  std::string_view status;  // "active" | "expired"
  WallTime not_before;
  WallTime not_after;
  WallTime created_at;
  std::string certificate_pem;
  std::optional<std::string> chain_pem;  // itself and those above it, the root last
  std::string crl_path;                  // open to anyone
};
BOOST_DESCRIBE_STRUCT(AuthorityReply, (),
                      (id, name, type, issues, in_force, parent_id, key_type, status, not_before,
                       not_after, created_at, certificate_pem, chain_pem, crl_path))

struct AuthorityListReply {
  std::vector<AuthorityReply> cas;
  std::int64_t total = 0;
};
BOOST_DESCRIBE_STRUCT(AuthorityListReply, (), (cas, total))

// What anyone may know of an authority.
struct IssuerReply {
  AuthorityId id;
  std::string certificate_pem;
  std::string crl_path;
};
BOOST_DESCRIBE_STRUCT(IssuerReply, (), (id, certificate_pem, crl_path))

struct IssuerListReply {
  std::vector<IssuerReply> issuers;
};
BOOST_DESCRIBE_STRUCT(IssuerListReply, (), (issuers))

// -- policy

struct UpdatePolicyRequest {
  std::optional<bool> server_keys;
  std::optional<std::string> trust_domain;
  std::optional<AuthorityId> issuer_id;
  std::optional<AuthorityId> classical_issuer_id;
  std::optional<std::string> min_ttl;  // "60s", or "default": the server's
};
BOOST_DESCRIBE_STRUCT(UpdatePolicyRequest, (),
                      (server_keys, trust_domain, issuer_id, classical_issuer_id, min_ttl))
constexpr auto schema_facts(const UpdatePolicyRequest*) {
  return std::to_array<json::Fact>({
      {"trust_domain", R"("minLength":1,"maxLength":255,"pattern":"^[a-z0-9._-]+$")"},
      {"min_ttl",
       R"("pattern":"^(default|([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$","minLength":2)"},
  });
}

struct PolicyReply {
  bool server_keys = false;
  std::string trust_domain;
  std::optional<AuthorityId> issuer_id;
  std::optional<AuthorityId> classical_issuer_id;
  std::optional<AuthorityId> direct_issuer_id;
  std::string min_ttl;
};
BOOST_DESCRIBE_STRUCT(PolicyReply, (),
                      (server_keys, trust_domain, issuer_id, classical_issuer_id, direct_issuer_id,
                       min_ttl))

// -- identities

struct CreateIdentityRequest {
  std::string name;
  std::optional<std::string> service_account;   // name or id; the caller's own where absent
  std::optional<std::string> spiffe_namespace;  // spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/NAME
  std::optional<std::string> spiffe_name;
  std::optional<std::vector<std::string>> dns_names;
  std::optional<std::vector<std::string>> addresses;
  std::optional<std::vector<std::string>> key_types;
  std::optional<std::vector<std::string>> usages;  // clientAuth, serverAuth
  std::optional<std::string> ttl;
  std::optional<std::string> max_ttl;
};
BOOST_DESCRIBE_STRUCT(CreateIdentityRequest, (),
                      (name, service_account, spiffe_namespace, spiffe_name, dns_names, addresses,
                       key_types, usages, ttl, max_ttl))
constexpr auto schema_facts(const CreateIdentityRequest*) {
  return std::to_array<json::Fact>({
      {"name", R"("minLength":1,"maxLength":64,"pattern":"^[a-z0-9._-]+$")"},
      {"dns_names", kNamesFact},
      {"addresses", kNamesFact},
      {"key_types", kKeyTypesFact},
      {"usages", kUsagesFact},
      {"ttl", kLifetimeFact},
      {"max_ttl", kLifetimeFact},
  });
}

struct UpdateIdentityRequest {
  std::optional<std::string> service_account;
  std::optional<std::vector<std::string>> dns_names;
  std::optional<std::vector<std::string>> addresses;
  std::optional<std::vector<std::string>> key_types;
  std::optional<std::vector<std::string>> usages;
  std::optional<std::string> ttl;
  std::optional<std::string> max_ttl;
};
BOOST_DESCRIBE_STRUCT(UpdateIdentityRequest, (),
                      (service_account, dns_names, addresses, key_types, usages, ttl, max_ttl))
constexpr auto schema_facts(const UpdateIdentityRequest*) {
  return std::to_array<json::Fact>({
      {"dns_names", kNamesFact},
      {"addresses", kNamesFact},
      {"key_types", kKeyTypesFact},
      {"usages", kUsagesFact},
      {"ttl", kLifetimeFact},
      {"max_ttl", kLifetimeFact},
  });
}

struct IdentityReply {
  IdentityId id;
  std::string name;
  ServiceAccountId service_account_id;
  std::string service_account;
  std::string spiffe_id;
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;
  std::vector<std::string_view> key_types;
  std::vector<std::string_view> usages;
  std::string ttl;
  std::string max_ttl;
  WallTime created_at;
  std::optional<WallTime> updated_at;
};
BOOST_DESCRIBE_STRUCT(IdentityReply, (),
                      (id, name, service_account_id, service_account, spiffe_id, dns_names,
                       addresses, key_types, usages, ttl, max_ttl, created_at, updated_at))

struct IdentityListReply {
  std::vector<IdentityReply> service_identities;
  std::int64_t total = 0;
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(IdentityListReply, (), (service_identities, total, page, page_size, has_more))

// -- certificates

struct IssueRequest {
  std::optional<std::string_view>
      identity;          // name or id; else the CSR's common name, else the sole
  std::string_view csr;  // PEM
  std::optional<std::string_view> ttl;
};
BOOST_DESCRIBE_STRUCT(IssueRequest, (), (identity, csr, ttl))
constexpr auto schema_facts(const IssueRequest*) {
  return std::to_array<json::Fact>({
      {"csr", kCsrFact},
      {"ttl", kLifetimeFact},
  });
}

struct RenewRequest {
  std::string_view csr;
  std::optional<std::string_view> ttl;
};
BOOST_DESCRIBE_STRUCT(RenewRequest, (), (csr, ttl))
constexpr auto schema_facts(const RenewRequest*) {
  return std::to_array<json::Fact>({
      {"csr", kCsrFact},
      {"ttl", kLifetimeFact},
  });
}

struct RevokeRequest {
  std::optional<std::string_view> reason;
};
BOOST_DESCRIBE_STRUCT(RevokeRequest, (), (reason))
constexpr auto schema_facts(const RevokeRequest*) {
  return std::to_array<json::Fact>({
      {"reason",
       R"("enum":["unspecified","keyCompromise","affiliationChanged","superseded","cessationOfOperation",)"
       R"("privilegeWithdrawn"])"},
  });
}

struct CertificateReply {
  CertificateId id;
  std::string serial_number;
  std::string identity;
  IdentityId identity_id;
  std::string_view status;
  std::string_view key_type;
  std::optional<std::string> spiffe_id;
  std::optional<std::vector<std::string>> dns_names;
  std::optional<std::vector<std::string>> addresses;
  AuthorityId ca_id;
  WallTime not_before;
  WallTime not_after;
  WallTime created_at;
  bool server_key = false;
  std::optional<CertificateId> renews;
  std::optional<WallTime> revoked_at;
  std::optional<std::string_view> revocation_reason;
  std::optional<std::string> certificate_pem;
  std::optional<std::string> chain_pem;  // certificate and intermediates: what its holder presents
  std::optional<std::string> ca_pem;     // roots: what its holder trusts
  std::string crl_path;
};
BOOST_DESCRIBE_STRUCT(CertificateReply, (),
                      (id, serial_number, identity, identity_id, status, key_type, spiffe_id,
                       dns_names, addresses, ca_id, not_before, not_after, created_at, server_key,
                       renews, revoked_at, revocation_reason, certificate_pem, chain_pem, ca_pem,
                       crl_path))

struct CertificateListReply {
  std::vector<CertificateReply> certificates;
  std::int64_t total = 0;
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(CertificateListReply, (), (certificates, total, page, page_size, has_more))

// -- the contract's routes

struct PkiIssueRequest {
  std::string_view common_name;  // the identity's name
  std::optional<std::string_view> ttl;
  std::optional<std::string_view> key_type;
};
BOOST_DESCRIBE_STRUCT(PkiIssueRequest, (), (common_name, ttl, key_type))

struct PkiIssueData {
  std::string certificate_pem;
  std::string_view private_key_pem;
  WallTime expiration;
  std::string serial_number;
  std::string ca_pem;
};
BOOST_DESCRIBE_STRUCT(PkiIssueData, (),
                      (certificate_pem, private_key_pem, expiration, serial_number, ca_pem))

struct PkiIssueReply {
  PkiIssueData data;
};
BOOST_DESCRIBE_STRUCT(PkiIssueReply, (), (data))

// reply_of says by the policy whether the authority is in force.
AuthorityReply reply_of(const Authority& authority, const Policy& policy, WallTime now);
IssuerReply public_reply_of(const Authority& authority);
PolicyReply reply_of(const Policy& policy);
IdentityReply reply_of(const Identity& identity);
CertificateReply reply_of(const Certificate& certificate, WallTime now);
CertificateReply reply_of(const Issued& issued, WallTime now);

// identity_of and update_of read requests; errors name the member at fault.
Result<CaService::NewIdentity> identity_of(CreateIdentityRequest request);
Result<CaService::IdentityUpdate> update_of(UpdateIdentityRequest request);

// pem_of writes certificates one after the other.
std::string pem_of(const std::vector<Bytes>& certificates);
std::string chain_pem(const std::vector<Authority>& chain);

}  // namespace quantumapi::ca
