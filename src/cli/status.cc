// qapi health, whoami and version.
#include <fmt/format.h>

#include "cli/answer.h"
#include "cli/group.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

bool is_well(std::string_view status) {
  return status == "ok" || status == "healthy" || status == "up";
}

Outcome health(Context& context, const NoOptions&) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto health, client->health());
  switch (context.format(Format::kTable)) {
    case Format::kJson:
      print_json(context.io(), HealthShape{health.status, shown(health.version)});
      break;
    case Format::kValue:
      print_line(context.io(), printable(health.status));
      break;
    case Format::kTable:
      print_facts(context.io().out, {{"status", health.status}, {"version", health.version}},
                  context.color());
  }
  return is_well(health.status) ? kOk : kFailed;
}

Outcome whoami(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/whoami"));
  return print_identity(context, answer);
}

Outcome version(Context& context, const NoOptions&) {
  print_line(context.io(), fmt::format("qapi {}", QUANTUMAPI_VERSION));
  return kOk;
}

}  // namespace

Outcome print_identity(Context& context, const sdk::SecretString& answer) {
  if (context.format(Format::kTable) != Format::kTable)
    return print_answer(context, answer, "name");
  WipingArena arena;
  const auto parsed = json::parse(answer.reveal(), arena);
  if (!parsed) return give_up(kFailed, "the platform's answer can't be understood");
  print_facts(context.io().out,
              {{"name", text_at(*parsed, "name")},
               {"role", text_at(*parsed, "role")},
               {"scopes", text_at(*parsed, "scopes")},
               {"bound to", text_at(*parsed, "bindings")},
               {"tenant", text_at(*parsed, "tenantId")},
               {"service account", text_at(*parsed, "serviceAccountId")},
               {"API key", text_at(*parsed, "apiKeyId")}},
              context.color());
  return kOk;
}

void add_status(CLI::App& root, Context& context) {
  add_command(root, context, "health", "Ask the platform how it is", health);
  add_command(root, context, "whoami", "Show what the API key stands for", whoami);
  add_command(root, context, "version", "Print the version of qapi", version);
}

}  // namespace quantumapi::cli
