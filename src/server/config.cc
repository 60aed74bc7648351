#include "server/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "server/command_line.h"
#include "server/config_file.h"
#include "server/config_paths.h"
#include "server/tls_identity.h"

namespace quantumapi::server {
namespace {

// taken_twice gives the address that two listeners would share; empty when there is none.
std::string taken_twice(const Config& config) {
  std::vector<const Endpoint*> all;
  for (const auto* list : {&config.listen, &config.listen_plain})
    for (const Endpoint& one : *list) all.push_back(&one);
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (all[i]->meets(*all[j]))
        return (i < config.listen.size() ? "--listen: " : "--listen-plain: ") + all[i]->host +
               ": another listener has port " + std::to_string(all[i]->port) + " there";
  return {};
}

// settle fills in what depends on other options. Empty when all is well.
std::string settle(Config& config) {
  for (const Endpoint& endpoint : config.listen_plain)
    if (endpoint.is_public())
      return "--listen-plain: plain HTTP is served on loopback addresses only";
  if (!config.database.empty() && config.key_journal.empty())
    return "--key-journal is required with --database";
  if (config.key_journal.empty()) config.key_journal = config.data + "/keys.journal";
  if (config.seal_file.empty()) config.seal_file = config.data + "/root.seal";
  if (config.require_quantum && config.qrng.empty())
    return "--entropy-require-quantum needs --entropy-qrng";
  if (config.listen.empty()) config.listen.push_back({"127.0.0.1", 8443});
  return taken_twice(config);
}

// option_of finds the option that a line of the file sets. Only what has a variable is
// configuration; the form of an answer and what is said for one start are not.
const CLI::Option* option_of(const CLI::App& command, const std::string& name) {
  const CLI::Option* option = command.get_option_no_throw("--" + name);
  const bool known = option != nullptr && !option->get_envname().empty() && name != "config";
  return known ? option : nullptr;
}

std::vector<std::string> arguments_of(const CLI::Option& option, const FileOption& line) {
  const std::string flag = "--" + line.name;
  if (option.get_expected_max() == 0)  // a flag without a value
    return line.values == std::vector<std::string>{"true"} ? std::vector{flag}
                                                           : std::vector<std::string>{};
  std::vector<std::string> arguments;
  for (const std::string& value : line.values) arguments.push_back(flag + "=" + value);
  return arguments;
}

// variable is what the environment gives. An empty variable gives nothing, as CLI11 has it: what
// fills in templates sets variables that nobody gave.
std::string variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

bool is_given(const std::vector<std::string>& arguments, const CLI::Option& option,
              const std::string& name) {
  if (!variable(option.get_envname()).empty()) return true;
  return std::ranges::any_of(arguments, [flag = "--" + name](const std::string& argument) {
    return argument == flag || argument.starts_with(flag + "=");
  });
}

// file_named is the path that the arguments, else the environment, give.
std::string file_named(const std::vector<std::string>& arguments) {
  constexpr std::string_view kFlag = "--config";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == kFlag && i + 1 < arguments.size()) return arguments[i + 1];
    if (arguments[i].starts_with("--config=")) return arguments[i].substr(kFlag.size() + 1);
  }
  return variable("QUANTUMAPID_CONFIG");
}

// holds_password tells "postgres://USER:PASSWORD@HOST" and "… password=PASSWORD".
bool holds_password(std::string_view database) {
  if (database.contains("password=")) return true;
  const std::size_t scheme = database.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view rest = database.substr(scheme + 3);
  const std::string_view user = rest.substr(0, rest.rfind('@'));
  return user.size() < rest.size() && user.contains(':');
}

// check_arguments: every user of the host sees the arguments of a process.
Status check_arguments(const std::vector<std::string>& arguments) {
  constexpr std::string_view kFlag = "--database";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const bool next = argument == kFlag && i + 1 < arguments.size();
    if (!next && !argument.starts_with("--database=")) continue;
    if (holds_password(next ? std::string_view(arguments[i + 1]) : argument))
      return fail(Code::kInvalidArgument,
                  "--database: a password there shows in the list of processes; give it in the "
                  "file of --config, in QUANTUMAPID_DATABASE or in PGPASSFILE");
  }
  return {};
}

// read_file is read_config_file, and refuses a file that shows others a password.
Result<std::vector<FileOption>> read_file(const std::string& path) {
  namespace fs = std::filesystem;
  TRY_ASSIGN(auto lines, read_config_file(path));
  std::error_code none;
  const fs::file_status file = fs::status(path, none);
  constexpr fs::perms kOthers = fs::perms::group_all | fs::perms::others_all;
  const bool private_file =
      !fs::is_regular_file(file) || (file.permissions() & kOthers) == fs::perms::none;
  for (const FileOption& line : lines)
    if (line.name == "database" && !private_file &&
        std::ranges::any_of(line.values, holds_password))
      return fail(Code::kInvalidArgument,
                  line.where +
                      ": database: its password is in a file that others can read; make "
                      "that its owner's alone (chmod 600)");
  return lines;
}

std::string fault_at(const FileOption& line, std::string_view fault) {
  const std::string name = line.name.empty() ? "" : line.name + ": ";
  return line.where + ": " + name + std::string(fault);
}

std::string unknown(const FileOption& line) { return fault_at(line, "there is no such option"); }

// add_file appends what the file says and neither a flag nor a variable does.
Status add_file(const CommandLine& known, std::vector<std::string>& arguments) {
  const std::string file = file_named(arguments);
  const CLI::App* command = nullptr;
  for (const CLI::App* one :
       {known.init, known.serve, known.api_key, known.tenant, known.audit, known.restore})
    if (std::ranges::find(arguments, one->get_name()) != arguments.end()) command = one;
  if (file.empty() || command == nullptr) return {};
  TRY_ASSIGN(const auto lines, read_file(file));
  const std::vector<std::string> given = arguments;
  for (const FileOption& line : lines) {
    const bool of_any = option_of(*known.serve, line.name) || option_of(*known.init, line.name);
    if (!line.fault.empty()) return fail(Code::kInvalidArgument, fault_at(line, line.fault));
    if (!of_any) return fail(Code::kInvalidArgument, unknown(line));
    const CLI::Option* option = option_of(*command, line.name);
    if (option == nullptr || is_given(given, *option, line.name)) continue;
    for (std::string& argument : arguments_of(*option, line))
      arguments.push_back(std::move(argument));
  }
  return {};
}

// unusable says which of the operator's certificates can't be served; empty when none.
std::string unusable(const std::vector<TlsFiles>& pairs) {
  for (const TlsFiles& files : pairs)
    if (const Status usable = check_tls_files(files, base::SystemClock{}.wall()); !usable)
      return usable.error().message;
  return {};
}

// fault_of parses `serve` with these arguments; empty when nothing is wrong. With `option` it looks
// on the disk for what that one names alone: the others were put in to make a whole.
std::string fault_of(std::vector<std::string> arguments, std::string_view option = {}) {
  Config config;
  CommandLine line(config);
  arguments.insert(arguments.begin(), "serve");
  std::ranges::reverse(arguments);  // as CLI11 wants a vector
  try {
    line.app->parse(arguments);
    const std::string fault = settle(config);
    if (!fault.empty()) return fault;
    const std::string path = missing_path(config, option);
    return path.empty() ? unusable(config.tls) : path;
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
}

// fault_in gives what is wrong with one line, or one value of its list, by itself.
std::string fault_in(const CommandLine& known, const FileOption& line) {
  if (!line.fault.empty()) return fault_at(line, line.fault);
  const CLI::Option* option = option_of(*known.serve, line.name);
  if (option == nullptr) return option_of(*known.init, line.name) ? "" : unknown(line);
  std::vector<std::string> alone = arguments_of(*option, line);
  const bool truth = line.values == std::vector<std::string>{"false"} || !alone.empty();
  if (option->get_expected_max() == 0 && !truth) return fault_at(line, "is true or false");
  if (option->get_expected_max() != 0 && std::ranges::find(line.values, "") != line.values.end())
    return fault_at(line, "is empty");
  if (line.name != "data") alone.emplace_back("--data=.");
  if (line.name == "database") alone.emplace_back("--key-journal=keys.journal");
  if (line.name == "entropy-require-quantum") alone.emplace_back("--entropy-qrng=.");
  if (line.name == "listen-plain") alone.emplace_back("--listen=127.0.0.1:0");
  std::string fault = fault_of(std::move(alone), line.name);
  if (fault.empty()) return {};
  const std::string prefix = "--" + line.name + ": ";
  if (fault.starts_with(prefix)) fault.erase(0, prefix.size());
  return fault_at(line, fault);
}

// faults_in gives what is wrong with one line: each bad value of a list, else the line.
std::vector<std::string> faults_in(const CommandLine& known, const FileOption& line) {
  std::vector<std::string> faults;
  if (!line.fault.empty()) return {fault_at(line, line.fault)};
  for (const std::string& value : line.values)
    if (std::string fault = fault_in(known, {line.name, {value}, line.where}); !fault.empty())
      faults.push_back(std::move(fault));
  if (!faults.empty()) return faults;
  if (std::string fault = fault_in(known, line); !fault.empty()) faults.push_back(std::move(fault));
  return faults;
}

// names is whether a text speaks of the option, not of a longer one.
bool names(std::string_view text, const std::string& option) {
  const std::size_t at = text.find("--" + option);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = text.substr(at + 2 + option.size());
  return rest.empty() || rest.front() == ':' || rest.front() == ' ';
}

// placed puts the first line whose option the fault names before it, else the file.
std::string placed(std::string fault, const std::vector<FileOption>& lines,
                   const std::string& file) {
  for (const FileOption& line : lines)
    if (names(fault, line.name))
      return line.where + ": " +
             (fault.starts_with("--" + line.name + ": ") ? fault.substr(2) : fault);
  return file.empty() ? fault : file + ": " + fault;
}

// faults_of says what is wrong with a command line: each line of serve's file that is, if any.
std::vector<std::string> faults_of(const CommandLine& line, int argc, char** argv,
                                   const CLI::ParseError& error) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (error.get_name() == "RequiredError" && line.app->get_subcommands().empty() &&
      !arguments.empty())
    return {"there is no command " + arguments.front()};
  const auto lines = read_file(file_named(arguments));
  std::vector<std::string> faults;
  if (lines && std::ranges::find(arguments, "serve") != arguments.end())
    for (const FileOption& one : *lines)
      for (std::string& fault : faults_in(line, one)) faults.push_back(std::move(fault));
  return faults.empty() ? std::vector<std::string>{error.what()} : faults;
}

}  // namespace

Config parse_command_line(int argc, char** argv) {
  Config config;
  CommandLine line(config);
  std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (const Status fit = check_arguments(arguments); !fit)
      throw CLI::ValidationError(fit.error().message);
    if (const Status added = add_file(line, arguments); !added)
      throw CLI::ValidationError(added.error().message);
    std::ranges::reverse(arguments);  // as CLI11 wants a vector
    line.app->parse(arguments);
    if (line.check->parsed()) {
      config.command = Config::Command::kCheck;
      return config;
    }
    if (const std::string wrong = settle(config); !wrong.empty()) throw CLI::ValidationError(wrong);
  } catch (const CLI::Success& asked) {  // --help, --version
    config.exit_code = line.app->exit(asked);
    return config;
  } catch (const CLI::ParseError& error) {
    config.exit_code = 2;
    config.faults = faults_of(line, argc, argv, error);
    return config;
  }
  using Command = Config::Command;
  config.command = line.init->parsed()          ? Command::kInit
                   : line.serve->parsed()       ? Command::kServe
                   : line.api_key->parsed()     ? Command::kCreateApiKey
                   : line.tenant->parsed()      ? Command::kCreateTenant
                   : line.restore->parsed()     ? Command::kRestore
                   : line.accept_hole->parsed() ? Command::kAcceptHole
                                                : Command::kShowHole;
  return config;
}

std::vector<std::string> find_faults(const std::string& file) {
  Config unused;
  const CommandLine known(unused);
  std::vector<FileOption> lines;
  if (!file.empty()) {
    auto read = read_file(file);
    if (!read) return {read.error().message};
    lines = *std::move(read);
  }
  std::vector<std::string> faults;
  std::vector<std::string> together;
  for (const FileOption& line : lines) {
    if (auto found = faults_in(known, line); !found.empty()) {
      std::ranges::move(found, std::back_inserter(faults));
      continue;
    }
    const CLI::Option* option = option_of(*known.serve, line.name);
    if (option == nullptr || is_given({}, *option, line.name)) continue;
    for (std::string& argument : arguments_of(*option, line))
      together.push_back(std::move(argument));
  }
  // What only shows with all options and variables together.
  if (!faults.empty()) return faults;
  if (std::string fault = fault_of(together); !fault.empty())
    faults.push_back(placed(std::move(fault), lines, file));
  return faults;
}

std::vector<std::string> empty_variables() {
  Config unused;
  const CommandLine known(unused);
  std::vector<std::string> names;
  for (const CLI::App* command : {known.serve, known.init})
    for (const CLI::Option* option : command->get_options()) {
      const std::string name = option->get_envname();
      if (name.empty() || std::getenv(name.c_str()) == nullptr || !variable(name).empty()) continue;
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  return names;
}

}  // namespace quantumapi::server
