// qapi access explain: who reaches a secret, a key or an identity, and why.
#include "cli/answer.h"
#include "cli/group.h"

namespace quantumapi::cli {
namespace {

struct ExplainOptions {
  std::string type;
  std::string resource;
};

bool is_id(std::string_view text) { return Uuid::parse(text).has_value(); }

Outcome explain(Context& context, const ExplainOptions& options) {
  const std::string named = is_id(options.resource) ? "&id=" : "&name=";
  TRY_ASSIGN(const auto answer,
             ask(context, "GET",
                 "/access/explain?type=" + options.type + named + segment(options.resource)));
  TRY(print_rows(context, answer, "keys",
                 {"keyName",
                  "keyId",
                  "serviceAccount",
                  "role",
                  "scopes",
                  "through",
                  {"groupId", "GROUP"},
                  "status",
                  "addresses",
                  {"expiresAt", "EXPIRES"}}));
  WipingArena arena;
  const auto parsed = read_list(answer, arena);
  if (parsed && text_at(*parsed, "id").empty())
    context.io().err << "There is no " << options.type
                     << " of this name; these keys would reach it.\n";
  return kOk;
}

}  // namespace

void add_access(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "access", "Who may do what");
  const auto [command, options] =
      add_command(group, context, "explain",
                  "List the API keys that reach a secret, key or identity, and why", explain);
  command->add_option("TYPE", options->type, "What it is")
      ->required()
      ->check(CLI::IsMember({"secret", "key", "identity"}));
  command->add_option("RESOURCE", options->resource, "Its name or id")->required();
}

}  // namespace quantumapi::cli
