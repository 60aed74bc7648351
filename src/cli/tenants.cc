// qapi tenants: those of the platform, and one's own.
#include "cli/answer.h"
#include "cli/group.h"

namespace quantumapi::cli {
namespace {

struct NewTenant {
  std::string name;
  std::string environment = "Development";
  std::string owner;
};

struct CreateBody {
  std::string_view name;
  std::string_view environment;
  Text owner;
};
BOOST_DESCRIBE_STRUCT(CreateBody, (), (name, environment, owner))

Outcome list(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/tenants"));
  return print_rows(context, answer, "tenants", {"id", "name", "environment"});
}

Outcome current(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/tenants/current"));
  return print_answer(context, answer, "id");
}

Outcome create(Context& context, const NewTenant& tenant) {
  TRY_ASSIGN(const auto answer,
             ask(context, "POST", "/tenants",
                 CreateBody{tenant.name, tenant.environment, shown(tenant.owner)}));
  return print_new_key(context, answer);
}

}  // namespace

void add_tenants(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "tenants", "Tenants of the platform");
  add_command(group, context, "list", "List the tenants; for owners of the first one", list);
  add_command(group, context, "current", "Show the own tenant; for its owners", current);
  const auto [command, tenant] =
      add_command(group, context, "create",
                  "Make a tenant and its owner's key; for owners of the first one", create);
  command->add_option("NAME", tenant->name, "Its name, unique on the platform")->required();
  command->add_option("--environment", tenant->environment, "What it is for")
      ->capture_default_str()
      ->check(CLI::IsMember({"Development", "Staging", "Production"}));
  command->add_option("--owner", tenant->owner, "Name of its first service account [owner]");
}

}  // namespace quantumapi::cli
