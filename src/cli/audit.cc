// qapi audit: list, export, public-key. verify is in audit_verify.cc.
#include "cli/audit_verify.h"
#include "cli/group.h"
#include "cli/profile.h"
#include "cli/shapes.h"
#include "cli/table.h"
#include "cli/whole_file.h"

namespace quantumapi::cli {
namespace {

struct ExportOptions {
  std::string file = "-";
};

AuditShape shape_of(const sdk::AuditEntry& entry) {
  return {entry.id,
          entry.timestamp,
          entry.action,
          entry.category,
          entry.actor,
          entry.actor_type,
          entry.resource_type,
          entry.resource_id,
          shown(entry.resource_name),
          entry.outcome,
          shown(entry.error)};
}

// resource_of is the kind and the name of what an event concerns, or its id.
std::string resource_of(const sdk::AuditEntry& entry) {
  if (entry.resource_type.empty() || entry.resource_type == "none") return {};
  const std::string& name = entry.resource_name;
  return entry.resource_type + " " + (name.empty() ? entry.resource_id : name);
}

Outcome list(Context& context, const sdk::AuditQuery& query) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto page, client->audit().list(query));
  const Format format = context.format(Format::kTable);
  AuditPageShape shape{{}, page.total, query.page, query.page_size};
  Table table({"TIME", "ACTION", "OUTCOME", "ACTOR", "RESOURCE", "ERROR"});
  for (const auto& entry : page.items) {
    shape.items.push_back(shape_of(entry));
    table.add({entry.timestamp, entry.action, entry.outcome, entry.actor, resource_of(entry),
               entry.error});
    if (format == Format::kValue) print_line(context.io(), entry.id);
  }
  if (format == Format::kJson) print_json(context.io(), shape);
  if (format == Format::kTable) table.print(context.io().out, context.color());
  return kOk;
}

Outcome export_to_stream(sdk::Client& client, std::ostream& out) {
  const auto done = client.audit().export_lines([&](std::string_view line) {
    out << line << '\n';
    return out.good();
  });
  TRY(done);
  if (!out.flush()) return give_up(kFailed, "the export could not be written");
  return kOk;
}

Outcome export_log(Context& context, const ExportOptions& options) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  if (options.file == "-") return export_to_stream(*client, context.io().out);
  TRY_ASSIGN(auto file, WholeFile::create(options.file));
  TRY(export_to_stream(*client, file.stream()));
  TRY(file.finish());
  return kOk;
}

Outcome public_key(Context& context, const NoOptions&) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto pem, client->audit().public_key());
  print_value(context.io(), pem);
  return kOk;
}

}  // namespace

void add_audit(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "audit", "The audit log");
  const auto [list_command, query] =
      add_command(group, context, "list", "List events, newest first", list);
  list_command->add_option("--category", query->category, "secrets, keys, encryption, …");
  list_command->add_option("--action", query->action, "As secret.read; several with commas");
  list_command->add_option("--actor", query->actor, "Part of the actor's name");
  list_command->add_option("--key", query->key_id, "Id of a key");
  list_command->add_option("--from", query->from, "From this time on (RFC 3339)");
  list_command->add_option("--to", query->to, "Up to this time");
  list_command->add_option("--page", query->page, "Which page, from 1")->check(CLI::PositiveNumber);
  list_command->add_option("--page-size", query->page_size, "Events a page, up to 200")
      ->check(CLI::Range(1, 200));

  const auto [export_command, exported] = add_command(
      group, context, "export", "Write the whole log, to be verified later", export_log);
  export_command->add_option("FILE", exported->file, "Where to; - is standard output");

  const auto [verify_command, verified] = add_command(
      group, context, "verify",
      "Verify an exported log; ends with 0 if it holds, 1 if not, 3 if it can't be told", verify);
  verify_command->add_option("FILE", verified->file, "What `qapi audit export` wrote")->required();
  verify_command->add_option("--key", verified->key_file, "PEM file of `qapi audit public-key`")
      ->required();
  verify_command->add_option("--remember", verified->memory,
                             "Where the newest checkpoint of each log is kept");

  add_command(group, context, "public-key", "Print the key that checkpoints verify under",
              public_key);
}

}  // namespace quantumapi::cli
