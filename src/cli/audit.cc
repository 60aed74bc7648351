// qapi audit: list, export, public-key, checkpoint. verify is in audit_verify.cc.
#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <span>

#include "cli/answer.h"
#include "cli/audit_verify.h"
#include "cli/expiry.h"
#include "cli/group.h"
#include "cli/profile.h"
#include "cli/progress.h"
#include "cli/shapes.h"
#include "cli/table.h"
#include "cli/whole_file.h"

namespace quantumapi::cli {
namespace {

struct LogOptions {
  std::string id;  // of a log that a restore closed
  bool platform = false;
};

struct ExportOptions {
  std::string file = "-";
  std::uint64_t from_index = 0;
  bool force = false;
  LogOptions log;
};

struct ListOptions {
  sdk::AuditQuery query;
  bool platform = false;
};

sdk::AuditLog log_of(bool platform) {
  return platform ? sdk::AuditLog::kPlatform : sdk::AuditLog::kTenant;
}

// resource_of is the kind and the name of what an event concerns, or its id, and the version used.
std::string resource_of(const json::Value& event) {
  const std::string kind = text_at(event, "resourceType");
  if (kind.empty() || kind == "none") return {};
  const std::string name = text_at(event, "resourceName");
  const std::string version = text_at(event, "keyVersion");
  return kind + " " + (name.empty() ? text_at(event, "resourceId") : name) +
         (version.empty() ? "" : " v" + version);
}

// moment_of turns "24h", so long ago, and a day into the time that they stand for.
Try<std::string> moment_of(const char* option, const std::string& text) {
  if (text.empty()) return text;
  const bool has_unit = std::isalpha(static_cast<unsigned char>(text.back())) != 0;
  if (const auto ago = has_unit ? seconds_of(text) : std::nullopt)
    return (base::SystemClock().wall() + std::chrono::seconds(-*ago)).to_string();
  const bool is_day = text.size() == 10 && text[4] == '-' && text[7] == '-';
  std::string time = is_day ? text + "T00:00:00Z" : text;
  if (WallTime::parse(time)) return time;
  return give_up(kUsage, std::string(option) +
                             " is 24h or 7d (so long ago), a day like 2026-11-29, or a time like "
                             "2026-11-29T18:00:00Z");
}

Try<std::string> path_of(Context& context, const ListOptions& options) {
  const sdk::AuditQuery& query = options.query;
  TRY_ASSIGN(const std::string from, moment_of("--from", query.from));
  TRY_ASSIGN(const std::string to, moment_of("--to", query.to));
  std::string path = fmt::format("/audit-logs?page={}&pageSize={}", query.page, query.page_size);
  std::string key;
  if (!query.key_id.empty()) {
    TRY_ASSIGN(sdk::Client* const client, context.client());
    TRY_ASSIGN(key, client->keys().find_id(query.key_id));
  }
  for (const auto& [name, value] :
       {std::pair<const char*, const std::string&>("category", query.category),
        {"action", query.action},
        {"actor", query.actor},
        {"keyId", key},
        {"from", from},
        {"to", to}})
    if (!value.empty()) path += fmt::format("&{}={}", name, segment(value));
  if (options.platform) path += "&log=platform";
  return path;
}

// AuditRows is what a page says of itself: with `bounded` there are at least `total` events.
struct AuditRows {
  std::span<const json::Value> items;
  std::int64_t total = 0;
  bool bounded = false;
};

// print_footer tells what lies beyond a page. A list looks through a bounded part of the log:
// where that ended before the page was full, nothing is said of what is older.
void print_footer(Context& context, const sdk::AuditQuery& query, const AuditRows& rows) {
  std::ostream& err = context.io().err;
  const std::int64_t shown = std::ssize(rows.items);
  const bool full = shown == query.page_size;
  const bool more = rows.total > (query.page - 1) * query.page_size + shown;
  if (full && (more || rows.bounded))
    err << fmt::format("{}{} events; --page {} shows older ones\n", rows.bounded ? "at least " : "",
                       rows.total, query.page + 1);
  else if (rows.bounded)
    err << fmt::format(
        "only the newest part of the log was looked through, and holds no {}such event; "
        "--to with an earlier time looks further back\n",
        shown > 0 ? "further " : "");
  else if (shown == 0 && rows.total == 0)
    err << "there is no such event\n";
  else if (shown == 0)
    err << fmt::format("there are {} such events: fewer pages than {}\n", rows.total, query.page);
}

Outcome list(Context& context, const ListOptions& options) {
  TRY_ASSIGN(const std::string path, path_of(context, options));
  TRY_ASSIGN(const auto answer, ask(context, "GET", path));
  const Format format = context.format(Format::kTable);
  if (format == Format::kJson) return print_rows(context, answer, "items", {"id"});
  WipingArena arena;
  const auto page = json::parse(answer.reveal(), arena);
  const json::Value* const items = page ? page->find("items") : nullptr;
  if (items == nullptr) return give_up(kFailed, "the platform's answer can't be understood");
  const json::Value* const total = page->find("totalcount");
  const json::Value* const bounded = page->find("totalisbounded");
  const AuditRows rows{.items = items->items,
                       .total = total == nullptr ? 0 : total->integer,
                       .bounded = bounded != nullptr && bounded->boolean};
  if (format == Format::kValue) {
    TRY(print_rows(context, answer, "items", {"id"}));
    print_footer(context, options.query, rows);
    return kOk;
  }
  Table table({"TIME", "ACTION", "OUTCOME", "ACTOR", "RESOURCE", "ERROR", "ADDRESS"});
  for (const json::Value& event : rows.items)
    table.add({text_at(event, "timestamp"), text_at(event, "action"), text_at(event, "outcome"),
               text_at(event, "actor"), resource_of(event), text_at(event, "error"),
               text_at(event, "ipAddress")});
  table.print(context.io().out, context.color());
  print_footer(context, options.query, rows);
  return kOk;
}

Outcome export_to_stream(Context& context, const ExportOptions& options, std::ostream& out) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  Progress progress(context.io(), "lines");
  std::uint64_t lines = 0;
  const auto done = client->audit().export_lines(
      [&](std::string_view line) {
        out << line << '\n';
        progress.show(++lines);
        return out.good();
      },
      {.log = log_of(options.log.platform),
       .log_id = options.log.id,
       .from_index = options.from_index});
  TRY(done);
  if (!out.flush()) return give_up(kFailed, "the export could not be written");
  return kOk;
}

// export_log writes a later part to a file of its own: it is no continuation of one that is there.
// An older export may be the only one that shows what a newer lacks: --force alone replaces it.
Outcome export_log(Context& context, const ExportOptions& options) {
  if (options.file == "-") return export_to_stream(context, options, context.io().out);
  std::error_code unknown;
  const bool stands = std::filesystem::exists(options.file, unknown);
  if (stands && options.from_index > 0)
    return give_up(kUsage,
                   "with --from-index the later part is a file of its own, and there is a " +
                       options.file + " already");
  if (stands && !options.force)
    return give_up(kUsage, "there is a " + options.file +
                               " already; write to another file, or replace it with --force");
  TRY_ASSIGN(auto file, WholeFile::create(options.file));
  TRY(export_to_stream(context, options, file.stream()));
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
  const std::string log = options.platform ? "platform" : segment(options.id);
  TRY_ASSIGN(const auto text,
             ask(context, "GET", "/audit-logs/checkpoint" + (log.empty() ? "" : "?log=" + log)));
  print_value(context.io(), text.reveal());
  return kOk;
}

CLI::Option* add_platform(CLI::App& command, bool& platform) {
  return command.add_flag(
      "--platform", platform,
      "The platform's own log: failed authentications; for owners of the first tenant");
}

void add_log(CLI::App& command, LogOptions& log) {
  CLI::Option* const platform = add_platform(command, log.platform);
  command.add_option("--log", log.id, "A log that a restore closed, by its id")->excludes(platform);
}

}  // namespace

void add_audit(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "audit", "The audit log");
  const auto [list_command, listed] =
      add_command(group, context, "list", "List events, newest first", list);
  sdk::AuditQuery* const query = &listed->query;
  add_platform(*list_command, listed->platform);
  list_command->add_option("--category", query->category,
                           "secrets, keys, encryption, access, certificates, audit, entropy or "
                           "platform; several with commas");
  list_command->add_option("--action", query->action, "As secret.read; several with commas");
  list_command->add_option("--actor", query->actor, "Part of the actor's name");
  list_command->add_option("--key", query->key_id, "Id or name of a key");
  list_command->add_option("--from", query->from,
                           "From this time on (RFC 3339), this day on, or since 24h");
  list_command->add_option("--to", query->to, "Up to this time, likewise");
  list_command->add_option("--page", query->page, "Which page, from 1")->check(counting());
  list_command->add_option("--page-size", query->page_size, "Events a page, up to 200")
      ->check(CLI::Range(1, 200));

  const auto [export_command, exported] = add_command(
      group, context, "export", "Write the whole log, to be verified later", export_log);
  export_command->add_option("FILE", exported->file, "Where to; - is standard output");
  export_command->add_flag("--force", exported->force, "Replace a file that is there");
  export_command
      ->add_option("--from-index", exported->from_index,
                   "The later part alone, from the group of 256 that holds this record; "
                   "verify it with the same --from-index")
      ->check(counting(0));
  add_log(*export_command, exported->log);

  const auto [verify_command, verified] = add_command(
      group, context, "verify",
      "Verify an exported log; ends with 0 if it holds, 1 if not, 3 if it can't be told", verify);
  verify_command->add_option("FILE", verified->file, "What `qapi audit export` wrote")->required();
  verify_command->add_option("--key", verified->key_file, "PEM file of `qapi audit public-key`")
      ->required();
  verify_command->add_option("--remember", verified->memory,
                             "Where the newest checkpoint of each log is kept");
  verify_command
      ->add_option("--from-index", verified->from_index,
                   "What stands before the group of 256 that holds this record may be left out: "
                   "of a later part, or of what retention left")
      ->check(counting(0));

  const auto [key_command, key] = add_command(
      group, context, "public-key", "Print the key that checkpoints verify under", public_key);
  add_platform(*key_command, key->platform);
  const auto [checkpoint_command, shown] = add_command(
      group, context, "checkpoint", "Print the newest signed checkpoint of the log", checkpoint);
  add_log(*checkpoint_command, *shown);
}

}  // namespace quantumapi::cli
