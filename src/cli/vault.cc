// qapi vault get and qapi secret get: a value alone, for scripts.
#include "cli/azure_devops.h"
#include "cli/group.h"
#include "cli/shapes.h"

namespace quantumapi::cli {
namespace {

struct GetOptions {
  std::string name;
  std::int64_t version = 0;
  std::string variable;
};

Outcome get(Context& context, const GetOptions& options) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  const auto version =
      options.version == 0 ? std::nullopt : std::optional<std::int64_t>(options.version);
  TRY_ASSIGN(const auto secret, client->vault().get(options.name, version));
  if (context.format(Format::kValue) == Format::kJson) {
    print_json(context.io(), SecretShape{.id = secret.id,
                                         .name = secret.name,
                                         .version = secret.version,
                                         .value = secret.value.reveal()});
    return kOk;
  }
  if (context.azure_devops())
    return hand_on(context, options.variable, secret.name, secret.value.reveal());
  print_value(context.io(), secret.value.reveal());
  return kOk;
}

}  // namespace

void add_vault(CLI::App& root, Context& context) {
  for (const auto& [word, argument] : {std::pair("vault", "NAME"), std::pair("secret", "PATH")}) {
    CLI::App& group = add_group(root, word, "Values of QuantumVault, for scripts");
    const auto [command, options] =
        add_command(group, context, "get", "Print the value of a secret and nothing else", get);
    command->add_option(argument, options->name, "Its name or id")->required();
    command->add_option("--version", options->version, "An older version")->check(counting());
    add_variable(*command, options->variable, "the secret's name");
  }
}

}  // namespace quantumapi::cli
