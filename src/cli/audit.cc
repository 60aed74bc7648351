// qapi audit: list, export, public-key, checkpoint. verify is in audit_verify.cc.
#include "cli/answer.h"
#include "cli/audit_verify.h"
#include "cli/group.h"
#include "cli/profile.h"
#include "cli/progress.h"
#include "cli/shapes.h"
#include "cli/table.h"
#include "cli/whole_file.h"

namespace quantumapi::cli {
namespace {

struct ExportOptions {
  std::string file = "-";
  bool platform = false;
};

struct ListOptions {
  sdk::AuditQuery query;
  bool platform = false;
};

struct LogOptions {
  bool platform = false;
};

sdk::AuditLog log_of(bool platform) {
  return platform ? sdk::AuditLog::kPlatform : sdk::AuditLog::kTenant;
}

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
          shown(entry.error),
          shown(entry.ip_address)};
}

// resource_of is the kind and the name of what an event concerns, or its id.
std::string resource_of(const sdk::AuditEntry& entry) {
  if (entry.resource_type.empty() || entry.resource_type == "none") return {};
  const std::string& name = entry.resource_name;
  return entry.resource_type + " " + (name.empty() ? entry.resource_id : name);
}

Outcome list(Context& context, const ListOptions& options) {
  sdk::AuditQuery query = options.query;
  query.log = log_of(options.platform);
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto page, client->audit().list(query));
  const Format format = context.format(Format::kTable);
  AuditPageShape shape{{}, page.total, query.page, query.page_size};
  Table table({"TIME", "ACTION", "OUTCOME", "ACTOR", "RESOURCE", "ERROR", "ADDRESS"});
  for (const auto& entry : page.items) {
    shape.items.push_back(shape_of(entry));
    table.add({entry.timestamp, entry.action, entry.outcome, entry.actor, resource_of(entry),
               entry.error, entry.ip_address});
    if (format == Format::kValue) print_line(context.io(), entry.id);
  }
  if (format == Format::kJson) print_json(context.io(), shape);
  if (format == Format::kTable) table.print(context.io().out, context.color());
  return kOk;
}

Outcome export_to_stream(Context& context, sdk::AuditLog log, std::ostream& out) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  Progress progress(context.io(), "lines");
  std::uint64_t lines = 0;
  const auto done = client->audit().export_lines(
      [&](std::string_view line) {
        out << line << '\n';
        progress.show(++lines);
        return out.good();
      },
      log);
  TRY(done);
  if (!out.flush()) return give_up(kFailed, "the export could not be written");
  return kOk;
}

Outcome export_log(Context& context, const ExportOptions& options) {
  const sdk::AuditLog log = log_of(options.platform);
  if (options.file == "-") return export_to_stream(context, log, context.io().out);
  TRY_ASSIGN(auto file, WholeFile::create(options.file));
  TRY(export_to_stream(context, log, file.stream()));
  TRY(file.finish());
  return kOk;
}

Outcome public_key(Context& context, const LogOptions& options) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto pem, client->audit().public_key(log_of(options.platform)));
  print_value(context.io(), pem);
  return kOk;
}

Outcome checkpoint(Context& context, const LogOptions& options) {
  TRY_ASSIGN(const auto text, ask(context, "GET",
                                  options.platform ? "/audit-logs/checkpoint?log=platform"
                                                   : "/audit-logs/checkpoint"));
  print_value(context.io(), text.reveal());
  return kOk;
}

void add_log(CLI::App& command, bool& platform) {
  command.add_flag(
      "--platform", platform,
      "The platform's own log: failed authentications; for owners of the first tenant");
}

}  // namespace

void add_audit(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "audit", "The audit log");
  const auto [list_command, listed] =
      add_command(group, context, "list", "List events, newest first", list);
  sdk::AuditQuery* const query = &listed->query;
  add_log(*list_command, listed->platform);
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
  add_log(*export_command, exported->platform);

  const auto [verify_command, verified] = add_command(
      group, context, "verify",
      "Verify an exported log; ends with 0 if it holds, 1 if not, 3 if it can't be told", verify);
  verify_command->add_option("FILE", verified->file, "What `qapi audit export` wrote")->required();
  verify_command->add_option("--key", verified->key_file, "PEM file of `qapi audit public-key`")
      ->required();
  verify_command->add_option("--remember", verified->memory,
                             "Where the newest checkpoint of each log is kept");

  using OfLog = Outcome (*)(Context&, const LogOptions&);
  for (const auto& [name, about, perform] :
       {std::tuple<const char*, const char*, OfLog>(
            "public-key", "Print the key that checkpoints verify under", public_key),
        {"checkpoint", "Print the newest signed checkpoint of the log", checkpoint}}) {
    const auto [command, options] = add_command(group, context, name, about, perform);
    add_log(*command, options->platform);
  }
}

}  // namespace quantumapi::cli
