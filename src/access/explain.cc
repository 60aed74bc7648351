#include "access/explain.h"

#include <algorithm>
#include <unordered_map>

#include "access/group_repository.h"
#include "access/scopes.h"
#include "access/service_impl.h"

namespace quantumapi::access {
namespace {

constexpr std::int64_t kPage = 1000;  // keys read at once

// acts_on_identity: its certificates are issued to its account alone, which and admins revoke
// them, and are shown to keys that are bound to nothing.
bool acts_on_identity(std::string_view scope, const Explanation& what, const ApiKeyRecord& key) {
  const bool own = !what.account || *what.account == key.account;
  if (scope == "certificates:issue") return own;
  if (scope == "certificates:revoke") return own || key.role != Role::kMember;
  return scope == "certificates:read" && key.bindings.empty();
}

bool acts_on(std::string_view type, std::string_view scope, const Explanation& what,
             const ApiKeyRecord& key) {
  if (type == "secret") return scope.starts_with("secrets:");
  if (type == "identity") return acts_on_identity(scope, what, key);
  return scope.starts_with("keys:") || scope.starts_with("encryption:");
}

// scopes_on is which of a key's scopes act on a resource of the type: what a
// wildcard stands for is written out.
std::vector<std::string> scopes_on(std::string_view type, const Explanation& what,
                                   const ApiKeyRecord& key) {
  const Principal holder{.scopes = key.scopes};
  std::vector<std::string> held;
  for (const std::string_view scope : all_scopes()) {
    if (acts_on(type, scope, what, key) && holder.has_scope(scope)) held.emplace_back(scope);
  }
  return held;
}

bool names(const base::Binding& binding, std::string_view type, const Explanation& what) {
  if (binding.type != type) return false;
  return (!what.resource.is_nil() && binding.id == what.resource) ||
         (!what.name.empty() && binding.name == what.name);
}

// Groups knows which groups hold the resource, each asked for once.
class Groups {
 public:
  Groups(store::Transaction& tx, TenantId tenant, std::string_view kind, const Uuid& resource)
      : tx_(tx), tenant_(tenant), kind_(kind), resource_(resource) {}

  Result<bool> hold(const Uuid& group) {
    if (resource_.is_nil()) return false;  // a name that nothing has
    if (const auto known = known_.find(group); known != known_.end()) return known->second;
    TRY_ASSIGN(const bool holds, group_holds(tx_, tenant_, group, kind_, resource_));
    known_.emplace(group, holds);
    return holds;
  }

 private:
  store::Transaction& tx_;
  TenantId tenant_;
  std::string_view kind_;
  Uuid resource_;
  std::unordered_map<Uuid, bool> known_;
};

// reach_of is nullopt for a key that does not reach it.
Result<std::optional<Reach>> reach_of(Groups& groups, std::string_view type,
                                      const Explanation& what, ApiKeyRecord key) {
  Reach reach{.scopes = scopes_on(type, what, key), .through = "tenant"};
  if (reach.scopes.empty()) return std::nullopt;
  bool reaches = key.bindings.empty();
  for (const base::Binding& binding : key.bindings) {
    if (reaches) break;
    reach.through = "binding";
    reaches = names(binding, type, what);
    if (reaches || binding.type != "group") continue;
    TRY_ASSIGN(reaches, groups.hold(binding.id));
    reach.through = "group";
    reach.group = binding.id;
  }
  if (!reaches) return std::nullopt;
  if (reach.through != "group") reach.group.reset();
  reach.key = std::move(key);
  return reach;
}

// identify fills in the name of an id, or the id of a name.
Status identify(store::Transaction& tx, TenantId tenant, std::string_view type, Explanation& what) {
  const std::string_view kind = kind_of(type);
  if (what.resource.is_nil()) {
    TRY_ASSIGN(const auto id, resource_id(tx, tenant, kind, what.name));
    what.resource = id.value_or(Uuid{});
    return {};
  }
  TRY_ASSIGN(auto name, resource_name(tx, tenant, kind, what.resource));
  if (!name) return fail(Code::kNotFound, "there is no such resource");
  what.name = *std::move(name);
  return {};
}

}  // namespace

Result<Explanation> AccessService::explain(const Principal& principal, std::string_view type,
                                           const Uuid& id, std::string_view name) {
  if (type != "secret" && type != "key" && type != "identity")
    return base::fail_field("type", "is secret, key or identity");
  if (id.is_nil() == name.empty()) return base::fail_field("id", "either id or name is given");
  if (principal.role == Role::kMember || !principal.bindings.empty())
    return fail(Code::kPermissionDenied,
                "only admins and owners that are bound to nothing see who reaches a resource",
                "insufficient_scope");
  return impl_->database.read([&](store::Transaction& tx) -> Result<Explanation> {
    Explanation what{id, std::string(name), {}, {}};
    TRY(identify(tx, principal.tenant, type, what));
    if (type == "identity") {
      TRY_ASSIGN(what.account, identity_account(tx, principal.tenant, what.resource));
    }
    Groups groups(tx, principal.tenant, kind_of(type), what.resource);
    for (std::int64_t offset = 0;; offset += kPage) {
      TRY_ASSIGN(auto rows, access::list_keys(tx, principal.tenant, offset, kPage));
      for (ApiKeyRow& row : rows) {
        if (row.record.revoked_at) continue;
        TRY_ASSIGN(auto reach, reach_of(groups, type, what, std::move(row.record)));
        if (reach) what.reaches.push_back(*std::move(reach));
      }
      if (static_cast<std::int64_t>(rows.size()) < kPage) return what;
    }
  });
}

}  // namespace quantumapi::access
