#include "base/principal.h"

#include <algorithm>

namespace quantumapi::base {
namespace {

// grants is true for the scope itself, for "*", and for "secrets:*" where
// "secrets:read" is asked for.
bool grants(std::string_view held, std::string_view wanted) {
  if (held == "*" || held == wanted) return true;
  if (!held.ends_with(":*")) return false;
  held.remove_suffix(1);  // keeps the colon: "secrets:" is no prefix of "secretsharing:read"
  return wanted.size() > held.size() && wanted.starts_with(held);
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kMember:
      return "member";
    case Role::kAdmin:
      return "admin";
    case Role::kOwner:
      return "owner";
  }
  return "member";
}

Result<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::kMember, Role::kAdmin, Role::kOwner})
    if (text == to_string(role)) return role;
  return fail(Code::kInvalidArgument, "a role is member, admin or owner");
}

bool Principal::has_scope(std::string_view scope) const {
  return std::ranges::any_of(scopes, [&](const auto& held) { return grants(held, scope); });
}

bool Principal::may_reach(std::string_view type, const Uuid& id) const {
  if (bindings.empty()) return true;
  if (id.is_nil()) return false;  // the nil id of a binding by name is no id
  return std::ranges::any_of(bindings, [&](const auto& b) { return b.type == type && b.id == id; });
}

bool Principal::may_reach(std::string_view type, std::string_view name) const {
  if (bindings.empty()) return true;
  if (name.empty()) return false;
  return std::ranges::any_of(bindings,
                             [&](const auto& b) { return b.type == type && b.name == name; });
}

bool Principal::may_reach(std::string_view type, const Uuid& id, std::string_view name) const {
  return may_reach(type, id) || may_reach(type, name);
}

bool Principal::bound_by_id(std::string_view type) const {
  return std::ranges::any_of(bindings,
                             [&](const auto& b) { return b.type == type && !b.id.is_nil(); });
}

bool Principal::bound_by_name(std::string_view type) const {
  return std::ranges::any_of(bindings,
                             [&](const auto& b) { return b.type == type && !b.name.empty(); });
}

}  // namespace quantumapi::base
