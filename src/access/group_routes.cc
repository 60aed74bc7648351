#include "access/group_routes.h"

#include "base/json_request.h"

namespace quantumapi::access {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

// Every answer about groups carries both spellings (published clients read snake_case).
constexpr auto kBoth = json::Naming::kCamelAndSnake;
constexpr std::string_view kRead = "apikeys:read";
constexpr std::string_view kWrite = "apikeys:write";
constexpr std::string_view kCategory = "access";

struct GroupRequest {
  std::string_view name;
  std::optional<std::string_view> description;
};
BOOST_DESCRIBE_STRUCT(GroupRequest, (), (name, description))
constexpr auto schema_facts(const GroupRequest*) {
  return std::to_array<json::Fact>({
      {"name", R"("minLength":1,"maxLength":200)"},
      {"description", R"("maxLength":1000)"},
  });
}

struct ItemRequest {
  std::string_view resource_type;  // "Secret" | "CryptoKey" | "ApiKey"
  Uuid resource_id;
};
BOOST_DESCRIBE_STRUCT(ItemRequest, (), (resource_type, resource_id))
constexpr auto schema_facts(const ItemRequest*) {
  return std::to_array<json::Fact>({
      {"resource_type", R"("enum":["Secret","CryptoKey","ApiKey"])"},
  });
}

struct GroupView {
  Uuid id;
  std::string name;
  std::optional<std::string> description;
  std::int64_t item_count = 0;
  std::int64_t api_key_count = 0;
  std::int64_t crypto_key_count = 0;
  std::int64_t secret_count = 0;
  WallTime created_at;
  std::optional<WallTime> updated_at;
};
BOOST_DESCRIBE_STRUCT(GroupView, (),
                      (id, name, description, item_count, api_key_count, crypto_key_count,
                       secret_count, created_at, updated_at))

struct ItemView {
  Uuid id;
  std::string resource_type;
  Uuid resource_id;
  std::string resource_name;
};
BOOST_DESCRIBE_STRUCT(ItemView, (), (id, resource_type, resource_id, resource_name))
constexpr auto schema_facts(const ItemView*) {
  return std::to_array<json::Fact>({
      {"resource_type", R"("enum":["Secret","CryptoKey","ApiKey"])"},
  });
}

struct GroupList {
  std::vector<GroupView> groups;
  std::int64_t total_count = 0;
};
BOOST_DESCRIBE_STRUCT(GroupList, (), (groups, total_count))

struct GroupDetail {
  Uuid id;
  std::string name;
  std::optional<std::string> description;
  WallTime created_at;
  std::optional<WallTime> updated_at;
  std::vector<ItemView> items;
};
BOOST_DESCRIBE_STRUCT(GroupDetail, (), (id, name, description, created_at, updated_at, items))

std::optional<std::string> stated(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

GroupView view_of(const Group& group) {
  return {.id = group.id,
          .name = group.name,
          .description = stated(group.description),
          .item_count = group.secrets + group.crypto_keys + group.api_keys,
          .api_key_count = group.api_keys,
          .crypto_key_count = group.crypto_keys,
          .secret_count = group.secrets,
          .created_at = group.created_at,
          .updated_at = group.updated_at};
}

Status may_block(const Call& call) {
  if (!call.may_block()) return fail(Code::kWouldBlock, "groups are read from the store");
  return {};
}

// id_parameter: what is no UUID names nothing.
Result<Uuid> id_parameter(const Call& call, std::size_t index = 0) {
  const auto id = Uuid::parse(call.parameter(index));
  if (!id) return fail(Code::kNotFound, "there is no such group");
  return *id;
}

Result<Reply> list(AccessService& service, Call& call) {
  TRY(may_block(call));
  TRY_ASSIGN(const auto groups, service.list_groups(call.principal()));
  GroupList view;
  for (const Group& group : groups) view.groups.push_back(view_of(group));
  view.total_count = static_cast<std::int64_t>(groups.size());
  call.audit(call.event());
  return Reply::json(call.request(), view, kBoth);
}

Result<Reply> create(AccessService& service, Call& call) {
  TRY(may_block(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<GroupRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Group group,
             service.create_group(call.principal(), request.name, request.description.value_or(""),
                                  call.event()));
  call.recorded();
  return Reply::json(call.request(), view_of(group), kBoth, 201);
}

Result<Reply> update(AccessService& service, Call& call) {
  TRY(may_block(call));
  TRY_ASSIGN(const Uuid id, id_parameter(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<GroupRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Group group, service.update_group(call.principal(), id, request.name,
                                                     request.description, call.event()));
  call.recorded();
  return Reply::json(call.request(), view_of(group), kBoth);
}

Result<Reply> find(AccessService& service, Call& call) {
  TRY(may_block(call));
  TRY_ASSIGN(const Uuid id, id_parameter(call));
  TRY_ASSIGN(const GroupWithItems found, service.find_group(call.principal(), id));
  GroupDetail view{.id = id,
                   .name = found.group.name,
                   .description = stated(found.group.description),
                   .created_at = found.group.created_at,
                   .updated_at = found.group.updated_at,
                   .items = {}};
  for (const GroupItem& item : found.items)
    view.items.push_back({item.id, item.resource_type, item.resource, item.resource_name});
  AuditEvent event = call.event();
  event.resource_type = "resourceGroup";
  event.resource = id;
  event.resource_name = found.group.name;
  call.audit(std::move(event));
  return Reply::json(call.request(), view, kBoth);
}

Result<Reply> remove(AccessService& service, Call& call) {
  TRY(may_block(call));
  TRY_ASSIGN(const Uuid id, id_parameter(call));
  TRY(service.delete_group(call.principal(), id, call.event()));
  call.recorded();
  return Reply::empty();
}

Result<Reply> add_item(AccessService& service, Call& call) {
  TRY(may_block(call));
  TRY_ASSIGN(const Uuid id, id_parameter(call));
  TRY_ASSIGN(const auto request,
             json::decode_request<ItemRequest>(call.request().body, call.arena()));
  TRY(service.add_to_group(call.principal(), id, request.resource_type, request.resource_id,
                           call.event()));
  call.recorded();
  return Reply::empty();
}

Result<Reply> remove_item(AccessService& service, Call& call) {
  TRY(may_block(call));
  TRY_ASSIGN(const Uuid id, id_parameter(call));
  TRY_ASSIGN(const Uuid item, id_parameter(call, 1));
  TRY(service.remove_from_group(call.principal(), id, item, call.event()));
  call.recorded();
  return Reply::empty();
}

}  // namespace

std::vector<Route> group_routes(AccessService& service) {
  using Function = Result<Reply> (*)(AccessService&, Call&);
  const auto with = [&service](Function function) {
    return [&service, function](Call& call) { return function(service, call); };
  };
  return {
      {.method = Method::kGet,
       .path = "/resource-groups",
       .summary = "List the resource groups that the key may see.",
       .handler = with(list),
       .scope = kRead,
       .action = "group.list",
       .category = kCategory,
       .reply_schema = http::schema<GroupList>()},
      {.method = Method::kPost,
       .path = "/resource-groups",
       .summary = "Create a resource group.",
       .handler = with(create),
       .scope = kWrite,
       .action = "group.create",
       .category = kCategory,
       .request_schema = http::schema<GroupRequest>(),
       .reply_schema = http::schema<GroupView>(),
       .success = 201,
       .refusals = {409}},
      {.method = Method::kPut,
       .path = "/resource-groups/{id}",
       .summary = "Change a resource group's name and description.",
       .handler = with(update),
       .scope = kWrite,
       .action = "group.update",
       .category = kCategory,
       .request_schema = http::schema<GroupRequest>(),
       .reply_schema = http::schema<GroupView>(),
       .refusals = {409}},
      {.method = Method::kGet,
       .path = "/resource-groups/{id}",
       .summary = "Show a resource group with its items.",
       .handler = with(find),
       .scope = kRead,
       .action = "group.read",
       .category = kCategory,
       .reply_schema = http::schema<GroupDetail>()},
      {.method = Method::kDelete,
       .path = "/resource-groups/{id}",
       .summary = "Delete a resource group; keys bound to it no longer reach what it held.",
       .handler = with(remove),
       .scope = kWrite,
       .action = "group.delete",
       .category = kCategory,
       .success = 204},
      {.method = Method::kPost,
       .path = "/resource-groups/{id}/items",
       .summary = "Add a secret, a key or an API key to a resource group.",
       .handler = with(add_item),
       .scope = kWrite,
       .action = "group.add_item",
       .category = kCategory,
       .request_schema = http::schema<ItemRequest>(),
       .success = 204,
       .refusals = {409}},
      {.method = Method::kDelete,
       .path = "/resource-groups/{id}/items/{item}",
       .summary = "Remove an item from a resource group.",
       .handler = with(remove_item),
       .scope = kWrite,
       .action = "group.remove_item",
       .category = kCategory,
       .success = 204},
  };
}

}  // namespace quantumapi::access
