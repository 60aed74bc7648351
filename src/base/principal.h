// Principal: who makes a request, as established by authentication.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace quantumapi::base {

// Role of a key's service account inside its tenant, weakest first.
enum class Role : std::uint8_t { kMember, kAdmin, kOwner };

std::string_view to_string(Role role);  // "member" | "admin" | "owner"
Result<Role> parse_role(std::string_view text);

// Binding limits a key to one resource, by its id, its name or both. It holds however the
// resource is asked for: what is found has an id and a name.
struct Binding {
  std::string type;  // "secret" | "key" | "identity" (of certificates)
  Uuid id;           // nil when bound to a name that need not exist yet
  std::string name;
};

// Principal is immutable once made and shared between requests of one API key.
struct Principal {
  TenantId tenant;
  ServiceAccountId account;
  ApiKeyId api_key;
  Role role = Role::kMember;
  std::string label;                // the service account's name; personal data
  std::vector<std::string> scopes;  // "secrets:read"; "*" grants all of the role
  std::vector<Binding> bindings;    // empty: every resource of the tenant

  // has_scope is true when the key may do `scope` on some resource.
  [[nodiscard]] bool has_scope(std::string_view scope) const;
  // may_reach decides by what is known: an id, a name, or both of what was found. One binding
  // that fits either is enough.
  [[nodiscard]] bool may_reach(std::string_view type, const Uuid& id) const;
  [[nodiscard]] bool may_reach(std::string_view type, std::string_view name) const;
  [[nodiscard]] bool may_reach(std::string_view type, const Uuid& id, std::string_view name) const;
  // bound_by_id and bound_by_name tell whether what was asked for in the other spelling could be
  // reached at all: where not, it is refused without a look-up.
  [[nodiscard]] bool bound_by_id(std::string_view type) const;
  [[nodiscard]] bool bound_by_name(std::string_view type) const;
};

}  // namespace quantumapi::base

namespace quantumapi {
using base::Principal;
using base::Role;
}  // namespace quantumapi
