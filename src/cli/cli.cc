#include "cli/cli.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "base/help_format.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/run.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kAbout =
    "qapi: secrets, encryption, keys, certificates and the audit log of a QuantumAPI platform.\n"
    "The API key comes from QUANTUMAPI_KEY or from the profile (qapi login), never from "
    "the command line.";

void add_globals(CLI::App& root, Globals& globals) {
  root.add_option("--url", globals.url, "Address of the platform [QUANTUMAPI_URL]");
  root.add_option("--ca-file", globals.ca_file, "PEM file of trusted roots [QUANTUMAPI_CA_FILE]");
  root.add_option("--output", globals.output, "How to print")
      ->check(CLI::IsMember({"table", "json", "value", kAzureDevops}));
  root.add_flag("--no-color", globals.no_color, "No colours, even on a terminal");
  root.add_option("--timeout", globals.timeout, "Seconds to wait for an answer [30]")
      ->check(CLI::Range(1, 3600));
  root.set_version_flag("--version", std::string("qapi ") + QUANTUMAPI_VERSION);
}

// named_command is the command that the line names, as far as it was understood.
const CLI::App& named_command(const CLI::App& root) {
  const CLI::App* command = &root;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

std::string spelled(const CLI::App& command) {
  return command.get_parent() == nullptr
             ? command.get_name()
             : spelled(*command.get_parent()) + " " + command.get_name();
}

std::string name_in(std::string_view word) { return std::string(word.substr(0, word.find('='))); }

bool names_option(const std::string& word) { return is_option_name(name_in(word)); }

// misfit says which of the words nothing was found for. Of one that is no option and no
// command only that it is there: it may be half of a secret that was not quoted.
std::string misfit(const CLI::App& command, const std::vector<std::string>& words) {
  for (const std::string& word : words)
    if (names_option(word)) return name_in(word) + " is no option of `" + spelled(command) + "`";
  if (command.get_subcommands([](const CLI::App*) { return true; }).empty())
    return "`" + spelled(command) + "` takes fewer arguments; quote a text that holds spaces";
  return "`" + spelled(command) + "` has no command " + words.front();
}

// help_for is the help where the option that an error is about is listed: that of qapi itself for
// those that stand before every command.
const CLI::App& help_for(const CLI::App& root, const CLI::App& command, std::string_view error) {
  for (const CLI::Option* const option : root.get_options())
    if (const std::string name = option->get_name(false, false);
        name.starts_with("--") && error.contains(name) &&
        command.get_option_no_throw(name) == nullptr)
      return root;
  return command;
}

// usage_of is what is wrong with the line, and where to read on.
std::string usage_of(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& command = named_command(root);
  const std::vector<std::string> words = root.remaining(true);
  const bool extras = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  const bool lacks = error.get_name() == "RequiredError";
  const bool unfinished =
      lacks && !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  // Of an option that is misspelt and hence missing, the spelling is what helps.
  const bool misspelt = lacks && std::ranges::any_of(words, names_option);
  std::string text = error.what();
  const CLI::App& help = help_for(root, command, text);
  if (!words.empty() && (unfinished || extras || misspelt))
    text = misfit(command, words);
  else if (unfinished)
    text = "`" + spelled(command) + "` needs a command";
  std::ranges::replace(text, '\n', ' ');
  return text + "; see `" + spelled(help) + " --help`";
}

int end_with(Io& io, const Failure& failure) {
  io.out.flush();
  io.err << "qapi: " << printable(failure.message) << '\n';  // parts of it come from elsewhere
  return failure.code;
}

// may_print refuses azure-devops to commands that have no secret value to hand on:
// what they print would stand in the pipeline's log.
bool may_print(const CLI::App& root, const Context& context) {
  return !context.azure_devops() ||
         named_command(root).get_option_no_throw("--variable") != nullptr;
}

int perform(Context& context) {
  Io& io = context.io();
  const Outcome outcome = context.action();
  if (!outcome) return end_with(io, outcome.error());
  io.out.flush();
  if (!io.out) return end_with(io, {kFailed, "the output could not be written"});
  return *outcome;
}

}  // namespace

void add_commands(CLI::App& root, Context& context) {
  for (const auto add :
       {add_secrets, add_vault, add_encryption, add_transit, add_data_keys, add_keys, add_api_keys,
        add_groups, add_access, add_audit, add_streams, add_tenants, add_usage, add_ca, add_cert,
        add_status, add_profile, add_completion})
    add(root, context);
}

void print_line(Io& io, std::string_view line) { io.out << line << '\n'; }

int run_with(int argc, char** argv, Io& io) {
  Arguments arguments = take_arguments(argc, argv);
  Context context(io, std::move(arguments.value));
  CLI::App root(kAbout, "qapi");
  root.formatter(std::make_shared<base::HelpFormat>());
  root.fallthrough();
  root.require_subcommand(1, 1);
  add_globals(root, context.globals);
  add_commands(root, context);
  std::ranges::reverse(arguments.rest);  // CLI11 takes them from the back
  try {
    root.parse(std::move(arguments.rest));
  } catch (const CLI::Success& asked) {  // --help, --version
    root.exit(asked, io.out, io.err);
    return kOk;
  } catch (const CLI::ParseError& error) {
    return end_with(io, {kUsage, usage_of(root, error)});
  }
  if (!may_print(root, context))
    return end_with(io, {kUsage, "--output azure-devops is for commands that give a secret"});
  return perform(context);
}

int run(int argc, char** argv) {
  // Secrets and keys pass through here: no core dump may hold them. Not PR_SET_DUMPABLE, which
  // would take /dev/stdin and what <(COMMAND) stands for from all users but root.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  Io io = standard_io();
  return run_with(argc, argv, io);
}

}  // namespace quantumapi::cli
