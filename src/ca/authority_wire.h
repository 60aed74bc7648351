// What /cas and /certificate-policy read and write.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
#include "ca/service.h"

namespace quantumapi::ca {

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

// reply_of says by the policy whether the authority is in force.
AuthorityReply reply_of(const Authority& authority, const Policy& policy, WallTime now);
IssuerReply public_reply_of(const Authority& authority);
PolicyReply reply_of(const Policy& policy);

// chain_pem writes the certificates one after the other.
std::string chain_pem(const std::vector<Authority>& chain);

}  // namespace quantumapi::ca
