// qapi streams: where the tenant's audit events are sent on.
#include "cli/answer.h"
#include "cli/download.h"
#include "cli/group.h"
#include "cli/table.h"
#include "cli/whole_file.h"

namespace quantumapi::cli {
namespace {

struct StreamOptions {
  std::string id;
};

struct NewStream {
  std::string id;  // of the stream to change
  std::string name;
  std::string type;
  std::string value;  // stands in for the real one: the configuration holds secrets
};

struct DownloadOptions {
  std::string id;
  std::string day;
  std::string file;
  bool part = false;
};

struct StreamBody {
  std::string_view name;
  std::string_view stream_type;
  std::string_view config_json;
};
BOOST_DESCRIBE_STRUCT(StreamBody, (), (name, stream_type, config_json))

std::string path_of(const std::string& id, std::string_view rest = {}) {
  return "/log-streams/" + segment(id) + std::string(rest);
}

Outcome list(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/log-streams"));
  return print_rows(context, answer, "items",
                    {"id", "name", "streamType", "isActive", "consecutiveFailures",
                     "lastStreamedAt", "lostEvents", "lastError"});
}

Outcome get(Context& context, const StreamOptions& options) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", path_of(options.id)));
  return print_answer(context, answer, "id");
}

Outcome create(Context& context, const NewStream& stream) {
  TRY_ASSIGN(const auto config, context.value("Configuration"));
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/log-streams",
                                    StreamBody{stream.name, stream.type, config.reveal()}));
  return print_answer(context, answer, "id");
}

Outcome update(Context& context, const NewStream& stream) {
  TRY_ASSIGN(const auto config, context.value("Configuration"));
  TRY_ASSIGN(const auto answer, ask(context, "PUT", path_of(stream.id),
                                    StreamBody{stream.name, stream.type, config.reveal()}));
  return print_answer(context, answer, "id");
}

Outcome remove(Context& context, const EndOptions& options) {
  if (!options.yes)
    TRY(confirm_on_terminal(
        context.io(), "Stream " + printable(options.named) + " goes with its files, for good."));
  TRY(ask(context, "DELETE", path_of(options.named)));
  return kOk;
}

// test ends with 1 when the receiver did not take the event.
Outcome test(Context& context, const StreamOptions& options) {
  TRY_ASSIGN(const auto answer, ask(context, "POST", path_of(options.id, "/test")));
  TRY(print_answer(context, answer, "success"));
  WipingArena arena;
  const auto parsed = json::parse(answer.reveal(), arena);
  const json::Value* const success = parsed ? parsed->find("success") : nullptr;
  return success != nullptr && success->boolean ? kOk : kNotVerified;
}

Outcome activate(Context& context, const StreamOptions& options) {
  TRY_ASSIGN(const auto answer, ask(context, "POST", path_of(options.id, "/activate")));
  return print_answer(context, answer, "isActive");
}

Outcome deactivate(Context& context, const StreamOptions& options) {
  TRY_ASSIGN(const auto answer, ask(context, "POST", path_of(options.id, "/deactivate")));
  return print_answer(context, answer, "isActive");
}

Outcome files(Context& context, const StreamOptions& options) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", path_of(options.id, "/files")));
  return print_rows(context, answer, "days",
                    {"day", "lineCount", "sizeBytes", "firstEventAt", "lastEventAt", "isHere"});
}

Outcome download(Context& context, const DownloadOptions& options) {
  TRY_ASSIGN(auto file, WholeFile::create(options.file));
  TRY(cli::download(
      context,
      path_of(options.id, "/files/" + segment(options.day)) + (options.part ? "?part=true" : ""),
      file.stream()));
  TRY(file.finish());
  return kOk;
}

}  // namespace

void add_streams(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "streams", "Log streams: audit events sent on as they happen");
  add_command(group, context, "list", "List the streams", list);
  using OfStream = Outcome (*)(Context&, const StreamOptions&);
  for (const auto& [name, about, perform] :
       {std::tuple<const char*, const char*, OfStream>("get", "Show a stream, secrets masked", get),
        {"test", "Send one event of a test; ends with 1 if it is not taken", test},
        {"activate", "Let a stream send", activate},
        {"deactivate", "Stop a stream; it keeps its place", deactivate},
        {"files", "List the daily files of a stream of type File", files}}) {
    const auto [command, options] = add_command(group, context, name, about, perform);
    command->add_option("ID", options->id, "Its id")->required();
  }
  const auto [end, ended] =
      add_command(group, context, "delete", "Delete a stream and its files", remove);
  add_end(*end, *ended, "ID", "Its id");
  const auto [make, made] = add_command(group, context, "create",
                                        "Make a stream; it sends what happens from now on", create);
  const auto [change, changed] = add_command(group, context, "update", "Change a stream", update);
  change->add_option("ID", changed->id, "Its id")->required();
  for (const auto& [command, stream] : {std::pair(make, made), std::pair(change, changed)}) {
    command->add_option("NAME", stream->name, "What it is called")->required();
    command->add_option("TYPE", stream->type, "Where it sends")
        ->required()
        ->check(CLI::IsMember({"Webhook", "Splunk", "Datadog", "File"}));
    add_value(*command, "CONFIG", stream->value, "Its configuration, JSON");
  }
  const auto [fetch, wanted] =
      add_command(group, context, "download", "Write a day's events (gzip NDJSON)", download);
  fetch->add_option("ID", wanted->id, "The stream's id")->required();
  fetch->add_option("DAY", wanted->day, "YYYY-MM-DD")->required();
  fetch->add_option("FILE", wanted->file, "Where to")->required();
  fetch->add_flag("--part", wanted->part, "What the replica has of it, where others have more");
}

}  // namespace quantumapi::cli
