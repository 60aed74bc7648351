// qapi groups: resource groups, to which API keys may be bound.
#include "cli/answer.h"
#include "cli/group.h"
#include "cli/names.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

struct GroupOptions {
  std::string id;
};

struct NewGroup {
  std::string id;  // of the group to change
  std::string name;
  std::optional<std::string> description;
};

struct ItemOptions {
  std::string group;
  std::string type;
  std::string resource;  // of `remove`: the item's id
};

struct GroupBody {
  std::string_view name;
  Text description;
};
BOOST_DESCRIBE_STRUCT(GroupBody, (), (name, description))

struct ItemBody {
  std::string_view resource_type;
  std::string_view resource_id;
};
BOOST_DESCRIBE_STRUCT(ItemBody, (), (resource_type, resource_id))

Try<std::string> path_of(Context& context, const std::string& group) {
  TRY_ASSIGN(const std::string id, group_id(context, group));
  return "/resource-groups/" + id;
}

GroupBody body_of(const NewGroup& group) {
  return {group.name, group.description ? Text(*group.description) : Text()};
}

Outcome list(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/resource-groups"));
  return print_rows(
      context, answer, "groups",
      {"id", "name", "itemCount", "secretCount", "cryptoKeyCount", "apiKeyCount", "description"});
}

Outcome get(Context& context, const GroupOptions& options) {
  TRY_ASSIGN(const auto path, path_of(context, options.id));
  TRY_ASSIGN(const auto answer, ask(context, "GET", path));
  return print_rows(context, answer, "items", {"id", "resourceType", "resourceId", "resourceName"});
}

Outcome create(Context& context, const NewGroup& group) {
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/resource-groups", body_of(group)));
  return print_answer(context, answer, "id");
}

Outcome update(Context& context, const NewGroup& group) {
  TRY_ASSIGN(const auto path, path_of(context, group.id));
  TRY_ASSIGN(const auto answer, ask(context, "PUT", path, body_of(group)));
  return print_answer(context, answer, "id");
}

Outcome remove(Context& context, const EndOptions& options) {
  if (!options.yes)
    TRY(confirm_on_terminal(context.io(), "Group " + printable(options.named) +
                                              " goes; keys bound to it no longer reach what it "
                                              "held."));
  TRY_ASSIGN(const auto path, path_of(context, options.named));
  TRY(ask(context, "DELETE", path));
  return kOk;
}

// id_of is the id of what is given by id or name.
Try<std::string> id_of(Context& context, const ItemOptions& options) {
  if (options.type == "apikey") return api_key_id(context, options.resource);
  if (options.type == "secret") return secret_id(context, options.resource);
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(auto id, client->keys().find_id(options.resource));
  return id;
}

Outcome add(Context& context, const ItemOptions& options) {
  TRY_ASSIGN(const auto path, path_of(context, options.group));
  TRY_ASSIGN(const std::string id, id_of(context, options));
  const std::string_view type = options.type == "secret" ? "Secret"
                                : options.type == "key"  ? "CryptoKey"
                                                         : "ApiKey";
  TRY(ask(context, "POST", path + "/items", ItemBody{type, id}));
  return kOk;
}

Outcome remove_item(Context& context, const ItemOptions& options) {
  TRY_ASSIGN(const auto path, path_of(context, options.group));
  TRY(ask(context, "DELETE", path + "/items/" + segment(options.resource)));
  return kOk;
}

}  // namespace

void add_groups(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "groups", "Resource groups, to which API keys may be bound");
  add_command(group, context, "list", "List the groups", list);
  const auto [show, shown_one] = add_command(group, context, "get", "List what a group holds", get);
  show->add_option("GROUP", shown_one->id, "Its id or name")->required();
  const auto [end, ended] =
      add_command(group, context, "delete",
                  "Delete a group; keys bound to it no longer reach what it held", remove);
  add_end(*end, *ended, "GROUP", "Its id or name");
  const auto [make, made] = add_command(group, context, "create", "Make a group", create);
  make->add_option("NAME", made->name, "Its name, unique in the tenant")->required();
  make->add_option("--description", made->description, "What it is for");
  const auto [change, changed] =
      add_command(group, context, "update", "Change a group's name and description", update);
  change->add_option("GROUP", changed->id, "Its id or name")->required();
  change->add_option("NAME", changed->name, "Its name from now on")->required();
  change->add_option("--description", changed->description, "What it is for");
  const auto [put, added] = add_command(group, context, "add", "Add a resource to a group", add);
  put->add_option("GROUP", added->group, "The group's id or name")->required();
  put->add_option("TYPE", added->type, "What it is")
      ->required()
      ->check(CLI::IsMember({"secret", "key", "apikey"}));
  put->add_option("RESOURCE", added->resource, "Its id or name")->required();
  const auto [take, taken] =
      add_command(group, context, "remove", "Take an item out of a group", remove_item);
  take->add_option("GROUP", taken->group, "The group's id or name")->required();
  take->add_option("ITEM", taken->resource, "The item's id, as get shows it")->required();
}

}  // namespace quantumapi::cli
