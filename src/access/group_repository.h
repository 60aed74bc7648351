// The rows of resource groups. SQL stands here only.
#pragma once

#include "access/groups.h"

namespace quantumapi::access {

Result<std::vector<Group>> list_groups(store::Transaction& tx, TenantId tenant);
Result<std::optional<Group>> find_group(store::Transaction& tx, TenantId tenant, const Uuid& id);
Result<std::int64_t> count_groups(store::Transaction& tx, TenantId tenant);
// insert_group and update_group: kConflict "group_name_conflict" when the name is taken.
Status insert_group(store::Transaction& tx, TenantId tenant, const Group& group);
Status update_group(store::Transaction& tx, TenantId tenant, const Group& group, WallTime now);
// delete_group deletes its items too.
Status delete_group(store::Transaction& tx, const Uuid& id);

// list_items names each resource as it is called now.
Result<std::vector<GroupItem>> list_items(store::Transaction& tx, TenantId tenant,
                                          const Uuid& group);
// group_holds: is the resource, of a kind as items have it, in this group of the tenant?
Result<bool> group_holds(store::Transaction& tx, TenantId tenant, const Uuid& group,
                         std::string_view kind, const Uuid& resource);
// kind_of is what a binding's type is called here: "Secret", "CryptoKey" or "Identity".
std::string_view kind_of(std::string_view binding_type);
// resource_name of a tenant's secret, shown key, identity or API key; nullopt when there is none.
Result<std::optional<std::string>> resource_name(store::Transaction& tx, TenantId tenant,
                                                 std::string_view type, const Uuid& resource);
// resource_id of a secret, a shown key or an identity by its name; nullopt when there is none.
Result<std::optional<Uuid>> resource_id(store::Transaction& tx, TenantId tenant,
                                        std::string_view type, std::string_view name);
// identity_account is whose an identity is; nullopt when there is none.
Result<std::optional<ServiceAccountId>> identity_account(store::Transaction& tx, TenantId tenant,
                                                         const Uuid& identity);
// insert_item changes nothing where the group holds the resource already.
Status insert_item(store::Transaction& tx, const Uuid& group, const GroupItem& item, WallTime now);
// delete_item is false when the group has no such item.
Result<bool> delete_item(store::Transaction& tx, const Uuid& group, const Uuid& item);

}  // namespace quantumapi::access
