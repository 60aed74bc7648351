// What /certificates and the /pki routes read and write.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
#include "ca/lifetime.h"
#include "ca/service.h"

namespace quantumapi::ca {

inline constexpr std::string_view kCsrFact = R"("minLength":1,"maxLength":32768)";

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
  std::optional<std::string_view> certificate;  // in PEM: one that a restore of the store lost
};
BOOST_DESCRIBE_STRUCT(RevokeRequest, (), (reason, certificate))
constexpr auto schema_facts(const RevokeRequest*) {
  return std::to_array<json::Fact>({
      {"reason",
       R"("enum":["unspecified","keyCompromise","affiliationChanged","superseded","cessationOfOperation",)"
       R"("privilegeWithdrawn"])"},
      {"certificate", R"("minLength":1,"maxLength":32768)"},
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

// The contract's /pki routes.

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

CertificateReply reply_of(const Certificate& certificate, WallTime now);
CertificateReply reply_of(const Issued& issued, WallTime now);

// pem_of writes certificates one after the other.
std::string pem_of(const std::vector<Bytes>& certificates);

}  // namespace quantumapi::ca
