#include "access/scopes.h"

#include <algorithm>
#include <array>

namespace quantumapi::access {
namespace {

constexpr auto kScopes = std::to_array<std::string_view>({"secrets:read",
                                                          "secrets:write",
                                                          "keys:read",
                                                          "keys:write",
                                                          "encryption:encrypt",
                                                          "encryption:decrypt",
                                                          "encryption:hash",
                                                          "apikeys:read",
                                                          "apikeys:write",
                                                          "audit:read",
                                                          "qrng:read",
                                                          "metrics:read",
                                                          "usage:read",
                                                          "usage:write",
                                                          "tenants:read",
                                                          "tenants:write",
                                                          "ca:read",
                                                          "ca:write",
                                                          "certificates:read",
                                                          "certificates:issue",
                                                          "certificates:revoke"});

// add appends once: the order asked for is kept, repetitions are not.
void add(std::vector<std::string>& out, std::string_view scope) {
  if (std::ranges::find(out, scope) == out.end()) out.emplace_back(scope);
}

// expand_one is false for an unknown scope.
bool expand_one(std::string_view wanted, std::vector<std::string>& out) {
  if (wanted == "*" || std::ranges::find(kScopes, wanted) != kScopes.end()) {
    add(out, wanted);
    return true;
  }
  // Published documents know one scope for all of encryption.
  const bool product = wanted.ends_with(":*") || wanted == "encryption:write";
  if (!product) return false;
  const std::string_view prefix = wanted.substr(0, wanted.find(':') + 1);
  bool found = false;
  for (const std::string_view scope : kScopes) {
    if (!scope.starts_with(prefix)) continue;
    add(out, scope);
    found = true;
  }
  return found;
}

std::unexpected<Error> unknown_scope(std::string field) {
  std::string known;
  for (const std::string_view scope : kScopes)
    known += (known.empty() ? "" : ", ") + std::string(scope);
  return base::fail_field(std::move(field), "is none of " + known);
}

std::unexpected<Error> beyond(std::string message) {
  return fail(Code::kPermissionDenied, std::move(message), "insufficient_scope");
}

// covers is true when one binding reaches what `wanted` does by id, and one what it does by name.
bool covers(std::span<const base::Binding> held, const base::Binding& wanted) {
  if (wanted.id.is_nil() && wanted.name.empty()) return false;
  const auto has = [&](auto member) {
    return std::ranges::any_of(held, [&](const base::Binding& own) {
      return own.type == wanted.type && own.*member == wanted.*member;
    });
  };
  return (wanted.id.is_nil() || has(&base::Binding::id)) &&
         (wanted.name.empty() || has(&base::Binding::name));
}

}  // namespace

std::span<const std::string_view> all_scopes() { return kScopes; }

Result<std::vector<std::string>> expand(std::span<const std::string> scopes, Role role) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    const std::string field = "scopes." + std::to_string(i);
    if (scopes[i] == "*" && role == Role::kMember)
      return base::fail_field(field, "\"*\" is for admins and owners");
    if (!expand_one(scopes[i], out)) return unknown_scope(field);
  }
  return out;
}

Status may_grant(const Principal& granter, Role role, std::span<const std::string> scopes,
                 std::span<const base::Binding> bindings) {
  if (granter.role == Role::kMember) return beyond("only admins and owners may make API keys");
  if (role > granter.role) return beyond("a key cannot give a higher role than its own");
  for (const std::string& scope : scopes)
    if (!granter.has_scope(scope)) return beyond("a key cannot grant a scope that it lacks");
  if (covers_all(granter.bindings, bindings)) return {};
  return beyond(bindings.empty() ? "a key bound to resources can only make keys bound to them"
                                 : "a key cannot grant a resource that it cannot reach");
}

bool covers_all(std::span<const base::Binding> held, std::span<const base::Binding> wanted) {
  if (held.empty()) return true;
  // No bindings mean every resource of the tenant.
  return !wanted.empty() && std::ranges::all_of(wanted, [&](const base::Binding& binding) {
    return covers(held, binding);
  });
}

}  // namespace quantumapi::access
