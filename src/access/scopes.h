// Scopes: what a key may do, per product and action.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/principal.h"
#include "base/result.h"

namespace quantumapi::access {

// all_scopes lists every scope there is: secrets:read, secrets:write,
// keys:read, keys:write, encryption:encrypt, encryption:decrypt, encryption:hash,
// apikeys:read, apikeys:write, audit:read, qrng:read, metrics:read, usage:read,
// usage:write, tenants:read, tenants:write, ca:read, ca:write, certificates:read,
// certificates:issue, certificates:revoke.
std::span<const std::string_view> all_scopes();

// expand checks and normalises what a caller asks for: "encryption:write" and
// "product:*" become the scopes they stand for, "*" stays for owners and
// admins. kInvalidArgument names an unknown one by its place (field scopes.2),
// and "*" for a member.
Result<std::vector<std::string>> expand(std::span<const std::string> scopes, Role role);

// covers_all is true when a key bound to `held` reaches all that one bound to `wanted` does.
bool covers_all(std::span<const base::Binding> held, std::span<const base::Binding> wanted);

// may_grant is an error (kPermissionDenied "insufficient_scope") when `granter`
// lacks something the new key would have: a scope, a resource (covers_all), or a role.
Status may_grant(const Principal& granter, Role role, std::span<const std::string> scopes,
                 std::span<const base::Binding> bindings);

}  // namespace quantumapi::access
