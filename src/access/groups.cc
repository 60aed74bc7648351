// AccessService: resource groups.
#include <algorithm>

#include "access/group_repository.h"
#include "access/service_impl.h"

namespace quantumapi::access {
namespace {

constexpr std::size_t kNameSize = 200;
constexpr std::size_t kDescriptionSize = 1000;
constexpr std::int64_t kGroupCount = 1000;
constexpr std::size_t kItemCount = 1000;

std::unexpected<Error> no_group() { return fail(Code::kNotFound, "there is no such group"); }

std::unexpected<Error> beyond(std::string message) {
  return fail(Code::kPermissionDenied, std::move(message), "insufficient_scope");
}

// may_change: a key bound to a group could otherwise widen its own reach.
Status may_change(const Principal& principal) {
  if (principal.role == Role::kMember)
    return beyond("only admins and owners may change resource groups");
  if (!principal.bindings.empty())
    return beyond("a key bound to resources may not change resource groups");
  return {};
}

Status may_see(const Principal& principal, const Uuid& group) {
  if (principal.may_reach("group", group)) return {};
  return beyond("this key is not bound to that group");
}

Status check_group(std::string_view name, std::string_view description) {
  TRY(check_text("name", name, kNameSize));
  if (!description.empty()) TRY(check_text("description", description, kDescriptionSize));
  return {};
}

bool is_type(std::string_view type) {
  return type == "Secret" || type == "CryptoKey" || type == "ApiKey";
}

Result<Group> own_group(store::Transaction& tx, TenantId tenant, const Uuid& id) {
  TRY_ASSIGN(auto group, find_group(tx, tenant, id));
  if (!group) return no_group();
  return *std::move(group);
}

AuditEvent about(AuditEvent event, const Group& group) {
  event.resource_type = "resourceGroup";
  event.resource = group.id;
  event.resource_name = group.name;
  return event;
}

std::string_view binding_type(std::string_view resource_type) {
  if (resource_type == "Secret") return "secret";
  return resource_type == "CryptoKey" ? "key" : "apiKey";
}

// about a resource that joins or leaves a group, recorded beside the event about the group and with
// the same request: whoever asks what happened to a key finds it by the key.
AuditEvent about(AuditEvent event, const GroupItem& item) {
  event.resource_type = binding_type(item.resource_type);
  event.resource = item.resource;
  event.resource_name = item.resource_name;
  return event;
}

}  // namespace

Result<std::vector<Group>> AccessService::list_groups(const Principal& principal) {
  const auto list = [&](store::Transaction& tx) {
    return access::list_groups(tx, principal.tenant);
  };
  TRY_ASSIGN(auto groups, impl_->database.read(list));
  std::erase_if(groups, [&](const Group& g) { return !principal.may_reach("group", g.id); });
  return groups;
}

Result<GroupWithItems> AccessService::find_group(const Principal& principal, const Uuid& id) {
  TRY(may_see(principal, id));
  return impl_->database.read([&](store::Transaction& tx) -> Result<GroupWithItems> {
    GroupWithItems found;
    TRY_ASSIGN(found.group, own_group(tx, principal.tenant, id));
    TRY_ASSIGN(found.items, list_items(tx, principal.tenant, id));
    return found;
  });
}

Result<Group> AccessService::create_group(const Principal& principal, std::string_view name,
                                          std::string_view description, AuditEvent event) {
  TRY(may_change(principal));
  TRY(check_group(name, description));
  const WallTime now = impl_->clock.wall();
  const Group group{.id = Uuid::v7(now),
                    .name = std::string(name),
                    .description = std::string(description),
                    .created_at = now};
  const auto insert = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const auto count, count_groups(tx, principal.tenant));
    if (count >= kGroupCount) return fail(Code::kConflict, "a tenant has at most 1,000 groups");
    TRY(insert_group(tx, principal.tenant, group));
    tx.record(about(event, group));
    return {};
  };
  TRY(impl_->database.change(insert));
  return group;
}

Result<Group> AccessService::update_group(const Principal& principal, const Uuid& id,
                                          std::string_view name,
                                          std::optional<std::string_view> description,
                                          AuditEvent event) {
  TRY(may_change(principal));
  TRY(check_group(name, description.value_or("")));
  return impl_->database.change([&](store::Transaction& tx) -> Result<Group> {
    TRY_ASSIGN(Group group, own_group(tx, principal.tenant, id));
    group.name = name;
    if (description) group.description = *description;
    group.updated_at = impl_->clock.wall();
    TRY(access::update_group(tx, principal.tenant, group, *group.updated_at));
    tx.record(about(event, group));
    return group;
  });
}

Status AccessService::delete_group(const Principal& principal, const Uuid& id, AuditEvent event) {
  TRY(may_change(principal));
  const auto remove = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const Group group, own_group(tx, principal.tenant, id));
    TRY_ASSIGN(const auto items, list_items(tx, principal.tenant, id));
    TRY(access::delete_group(tx, id));
    tx.record(about(event, group));
    for (const GroupItem& item : items) tx.record(about(event, item));
    return {};
  };
  TRY(impl_->database.change(remove));
  ++impl_->groups_changed;
  return {};
}

Status AccessService::add_to_group(const Principal& principal, const Uuid& id,
                                   std::string_view type, const Uuid& resource, AuditEvent event) {
  TRY(may_change(principal));
  if (!is_type(type)) return base::fail_field("resourceType", "is Secret, CryptoKey or ApiKey");
  const WallTime now = impl_->clock.wall();
  GroupItem item{Uuid::v7(now), std::string(type), resource, {}};
  const auto insert = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const Group group, own_group(tx, principal.tenant, id));
    TRY_ASSIGN(const auto name, resource_name(tx, principal.tenant, type, resource));
    if (!name) return fail(Code::kNotFound, "there is no such resource");
    TRY_ASSIGN(const auto items, list_items(tx, principal.tenant, id));
    if (items.size() >= kItemCount) return fail(Code::kConflict, "a group has at most 1,000 items");
    item.resource_name = *name;
    TRY(insert_item(tx, id, item, now));
    tx.record(about(event, group));
    tx.record(about(event, item));
    return {};
  };
  TRY(impl_->database.change(insert));
  ++impl_->groups_changed;
  return {};
}

Status AccessService::remove_from_group(const Principal& principal, const Uuid& id,
                                        const Uuid& item, AuditEvent event) {
  TRY(may_change(principal));
  const auto remove = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const Group group, own_group(tx, principal.tenant, id));
    TRY_ASSIGN(const auto items, list_items(tx, principal.tenant, id));
    const auto found = std::ranges::find(items, item, &GroupItem::id);
    TRY_ASSIGN(const bool removed, delete_item(tx, id, item));
    if (!removed || found == items.end())
      return fail(Code::kNotFound, "the group has no such item");
    tx.record(about(event, group));
    tx.record(about(event, *found));
    return {};
  };
  TRY(impl_->database.change(remove));
  ++impl_->groups_changed;
  return {};
}

// resolve_groups adds what the groups among the bindings hold. The bindings to
// the groups stay: without them a key whose groups are empty would be bound to
// nothing, which means everything.
Status resolve_groups(store::Transaction& tx, TenantId tenant,
                      std::vector<base::Binding>& bindings) {
  const std::size_t stored = bindings.size();
  for (std::size_t i = 0; i < stored; ++i) {
    if (bindings[i].type != "group") continue;
    TRY_ASSIGN(const auto group, access::find_group(tx, tenant, bindings[i].id));
    if (!group) continue;
    TRY_ASSIGN(const auto items, list_items(tx, tenant, group->id));
    for (const GroupItem& item : items)
      bindings.push_back(
          {std::string(binding_type(item.resource_type)), item.resource, item.resource_name});
  }
  return {};
}

Status check_groups(store::Transaction& tx, TenantId tenant,
                    std::span<const base::Binding> bindings) {
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    if (bindings[i].type != "group") continue;
    TRY_ASSIGN(const auto group, access::find_group(tx, tenant, bindings[i].id));
    if (!group)
      return base::fail_field("bindings." + std::to_string(i) + ".id", "is no group of the tenant");
  }
  return {};
}

Status check_bound(store::Transaction& tx, TenantId tenant,
                   std::span<const base::Binding> bindings) {
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    const base::Binding& binding = bindings[i];
    if (binding.type == "group") continue;
    if (binding.id.is_nil() || binding.name.empty()) continue;
    TRY_ASSIGN(const auto name, resource_name(tx, tenant, kind_of(binding.type), binding.id));
    if (name != binding.name)
      return base::fail_field("bindings." + std::to_string(i),
                              "gives an id and a name that are not of one " + binding.type);
  }
  return {};
}

}  // namespace quantumapi::access
