// What /service-identities reads and writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
#include "ca/lifetime.h"
#include "ca/service.h"

namespace quantumapi::ca {

inline constexpr std::string_view kNamesFact = R"("maxItems":50)";
inline constexpr std::string_view kKeyTypesFact =
    R"({"type":"array","minItems":1,"items":{"type":"string","enum":["ML-DSA-65","ECDSA-P256"]}})";
inline constexpr std::string_view kUsagesFact =
    R"({"type":"array","minItems":1,"items":{"type":"string","enum":["clientAuth","serverAuth"]}})";

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

IdentityReply reply_of(const Identity& identity);

// identity_of and update_of read requests; errors name the member at fault.
Result<CaService::NewIdentity> identity_of(CreateIdentityRequest request);
Result<CaService::IdentityUpdate> update_of(UpdateIdentityRequest request);

}  // namespace quantumapi::ca
