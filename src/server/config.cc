#include "server/config.h"

#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/help_format.h"
#include "server/config_file.h"
#include "server/tls_identity.h"
#include "server/version.h"

namespace quantumapi::server {
namespace {

constexpr std::string_view kFooter =
    "An option with a [VARIABLE] can be given by that instead, --key-journal by\n"
    "QUANTUMAPID_KEY_JOURNAL, or in the file of --config: key-journal = \"/keys/journal\".\n"
    "A flag wins over its variable, a variable over the file.";

void add_config_option(CLI::App& app, Config& config) {
  app.add_option("--config", config.file, "TOML file of options, named as the flags are")
      ->envname("QUANTUMAPID_CONFIG");
}

void add_store_options(CLI::App& app, Config& config) {
  add_config_option(app, config);
  app.add_option("--data", config.data, "Directory of store, root key seal, key journal and ca.pem")
      ->required()
      ->envname("QUANTUMAPID_DATA");
  app.add_option("--database", config.database,
                 "PostgreSQL 13 or later, postgres://USER@HOST/NAME; without it SQLite in --data")
      ->envname("QUANTUMAPID_DATABASE");
  app.add_option("--key-journal", config.key_journal,
                 "File that keeps every key version a second time; required with --database, "
                 "best on another disk [DATA/keys.journal]")
      ->envname("QUANTUMAPID_KEY_JOURNAL");
  app.add_option("--seal-file", config.seal_file, "File that holds the root key [DATA/root.seal]")
      ->envname("QUANTUMAPID_SEAL_FILE");
  app.add_option("--entropy-qrng", config.qrng,
                 "Quantum random generator: a character device or UNIX socket")
      ->envname("QUANTUMAPID_ENTROPY_QRNG");
  app.add_flag("--entropy-require-quantum", config.require_quantum,
               "Make no key while the quantum generator does not answer")
      ->envname("QUANTUMAPID_ENTROPY_REQUIRE_QUANTUM");
}

CLI::Option* add_endpoints(CLI::App& app, const char* name, std::vector<Endpoint>& out,
                           const char* text, const char* variable) {
  return app
      .add_option_function<std::vector<std::string>>(
          name,
          [&out](const std::vector<std::string>& values) {
            for (const std::string& value : values) {
              auto endpoint = Endpoint::parse(value);
              if (!endpoint) throw CLI::ValidationError(endpoint.error().message);
              out.push_back(*std::move(endpoint));
            }
          },
          text)
      ->envname(variable)
      ->delimiter(',');
}

LogLevel level_of(std::string_view name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  return name == "error" ? LogLevel::kError : LogLevel::kInfo;
}

void add_serve_options(CLI::App& app, Config& config) {
  app.add_flag("--accept-key-journal", config.accept_key_journal,
               "Start, once, with a key journal that lacks what the store has seen of it");
  add_endpoints(app, "--listen", config.listen, "HTTPS addresses HOST:PORT [127.0.0.1:8443]",
                "QUANTUMAPID_LISTEN");
  add_endpoints(app, "--listen-plain", config.listen_plain,
                "Plain HTTP addresses, loopback only, none unless asked for",
                "QUANTUMAPID_LISTEN_PLAIN");
  app.add_option_function<std::vector<std::string>>(
         "--tls",
         [&config](const std::vector<std::string>& pairs) {
           for (const std::string& pair : pairs) {
             const auto comma = pair.find(',');
             if (comma == std::string::npos)
               throw CLI::ValidationError("--tls wants CHAIN.pem,KEY.pem");
             config.tls.push_back({pair.substr(0, comma), pair.substr(comma + 1)});
           }
         },
         "CHAIN.pem,KEY.pem instead of the self-made certificates; may be given twice")
      ->envname("QUANTUMAPID_TLS")
      ->delimiter(';');
  app.add_option("--io-threads", config.io_threads, "Threads that serve connections [one a core]")
      ->check(CLI::Range(0, 256))
      ->envname("QUANTUMAPID_IO_THREADS");
  app.add_option("--worker-threads", config.worker_threads, "Threads that wait for the store")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024))
      ->envname("QUANTUMAPID_WORKER_THREADS");
  app.add_option("--drain-seconds", config.drain_seconds,
                 "How long open connections are served after SIGTERM")
      ->capture_default_str()
      ->check(CLI::Range(0, 3600))
      ->envname("QUANTUMAPID_DRAIN_SECONDS");
  app.add_option_function<std::string>(
         "--log-level", [&config](const std::string& name) { config.log_level = level_of(name); },
         "What is logged: debug is each request")
      ->transform(CLI::IsMember({"debug", "info", "warning", "error"}, CLI::ignore_case))
      ->default_str("info")
      ->envname("QUANTUMAPID_LOG_LEVEL");
  app.add_option("--entropy-quota-mb", config.entropy_quota_mb,
                 "MiB of entropy that each tenant may draw in a month; 0: as many as it likes")
      ->check(CLI::Range(0, 1'000'000))
      ->envname("QUANTUMAPID_ENTROPY_QUOTA_MB")
      ->capture_default_str();
  app.add_option("--audit-checkpoint-file", config.checkpoint_file,
                 "File outside the store to which each audit checkpoint is appended")
      ->envname("QUANTUMAPID_AUDIT_CHECKPOINT_FILE");
  app.add_option("--audit-retention-days", config.audit_retention_days,
                 "Days after which audit events are dropped, their hashes kept; 0: never")
      ->check(CLI::Range(0, 36'500))
      ->envname("QUANTUMAPID_AUDIT_RETENTION_DAYS")
      ->capture_default_str();
}

void add_certificate_options(CLI::App& app, Config& config) {
  app.add_option("--public-url", config.public_url,
                 "Where clients reach the platform, as https://HOST:PORT: certificates name their "
                 "revocation list there")
      ->check([](const std::string& url) {
        const bool good = (url.starts_with("https://") || url.starts_with("http://")) &&
                          !url.ends_with('/') && url.find_first_of(" \t\"<>") == std::string::npos;
        return good ? std::string() : "is https://HOST[:PORT], without a slash at its end";
      })
      ->envname("QUANTUMAPID_PUBLIC_URL");
  app.add_option("--certificate-min-seconds", config.certificate_min_seconds,
                 "The shortest lifetime that certificates may have")
      ->check(CLI::Range(10, 86'400))
      ->envname("QUANTUMAPID_CERTIFICATE_MIN_SECONDS")
      ->capture_default_str();
}

void add_platform_log_option(CLI::App& app, Config& config) {
  app.add_option("--audit-platform-events", config.audit_platform_events,
                 "Events that the platform's own audit log keeps (failed authentications fill "
                 "it); 0: all")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000'000}))
      ->envname("QUANTUMAPID_AUDIT_PLATFORM_EVENTS")
      ->capture_default_str();
}

void add_environment_option(CLI::App& app, Config& config) {
  app.add_option("--environment", config.environment, "What the tenant is for")
      ->capture_default_str()
      ->check(CLI::IsMember({"Development", "Staging", "Production"}))
      ->envname("QUANTUMAPID_ENVIRONMENT");
}

void add_init_options(CLI::App& app, Config& config) {
  app.add_flag("--json", config.json, "Print {\"api_key\",\"tenant_id\"} alone, for scripts");
  app.add_option("--tenant", config.tenant, "Name of the first tenant [default]")
      ->envname("QUANTUMAPID_TENANT");
  add_environment_option(app, config);
  app.add_flag("--server-keys", config.server_keys,
               "Let POST /pki/issue make keys for the first tenant's services")
      ->envname("QUANTUMAPID_SERVER_KEYS");
  app.add_option("--host", config.hosts,
                 "Further DNS names and addresses of the self-made certificates")
      ->envname("QUANTUMAPID_HOST")
      ->delimiter(',');
}

void add_api_key_command(CLI::App& api_key, Config& config) {
  CLI::App* create = api_key.add_subcommand("create", "Make a key and print it once");
  create->add_option("--name", config.api_key_name, "What the key is called")
      ->capture_default_str();
  create->add_option("--tenant", config.tenant, "Name of the tenant whose key it is [the first]");
  create->add_flag("--json", config.json, "Print {\"api_key\",\"tenant_id\"} alone");
  create->fallthrough();
  api_key.require_subcommand(1);
}

void add_tenant_command(CLI::App& tenant, Config& config) {
  CLI::App* create =
      tenant.add_subcommand("create", "Make a tenant with its keys and print its owner's key once");
  create->add_option("--name", config.tenant, "What the tenant is called")->required();
  add_environment_option(*create, config);
  create->add_flag("--json", config.json, "Print {\"api_key\",\"tenant_id\"} alone");
  create->fallthrough();
  tenant.require_subcommand(1);
}

// is_public tells an address that others than this host reach; names are resolved when bound.
bool is_public(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 != 127;
  if (::inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  return !IN6_IS_ADDR_LOOPBACK(&v6) && !(IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

// settle fills in what depends on other options. Empty when all is well.
std::string settle(Config& config) {
  for (const Endpoint& endpoint : config.listen_plain)
    if (is_public(endpoint.host))
      return "--listen-plain: plain HTTP is served on loopback addresses only";
  if (!config.database.empty() && config.key_journal.empty())
    return "--key-journal is required with --database";
  if (config.key_journal.empty()) config.key_journal = config.data + "/keys.journal";
  if (config.seal_file.empty()) config.seal_file = config.data + "/root.seal";
  if (config.require_quantum && config.qrng.empty())
    return "--entropy-require-quantum needs --entropy-qrng";
  if (config.listen.empty()) config.listen.push_back({"127.0.0.1", 8443});
  return {};
}

// CommandLine is what CLI11 knows of the program. It writes into the Config it was made for.
struct CommandLine {
  explicit CommandLine(Config& config);

  CLI::App app{"quantumapid: the QuantumAPI platform server", "quantumapid"};
  CLI::App* init;
  CLI::App* serve;
  CLI::App* api_key;
  CLI::App* tenant;
  CLI::App* audit;
  CLI::App* accept_hole;
  CLI::App* check;
};

CLI::App* add_accept_hole(CLI::App& audit, Config& config) {
  CLI::App* command = audit.add_subcommand(
      "accept-hole", "Let the sequencer go on without events that are lost; recorded in every log");
  command->add_option("STREAM", config.hole.stream, "As audit hole shows it")->required();
  command->add_option("EXPECTED", config.hole.expected, "The number that is missing")->required();
  command->add_option("FOUND", config.hole.found, "The number found in its place")->required();
  command->add_option("--reason", config.hole.reason, "What happened, for those who read the log")
      ->check([](const std::string& reason) {
        return reason.size() <= 200 ? std::string() : std::string("is longer than 200 octets");
      })
      ->required();
  command->fallthrough();
  return command;
}

CommandLine::CommandLine(Config& config) {
  app.set_version_flag("--version", std::string(version()));
  app.footer(std::string(kFooter));
  app.formatter(std::make_shared<base::HelpFormat>());
  app.require_subcommand(1);
  init = app.add_subcommand("init", "Make the store, the root key and the first tenant");
  serve = app.add_subcommand("serve", "Run the platform");
  api_key = app.add_subcommand("apikey",
                               "Make a further owner key on this host, with the server stopped");
  tenant =
      app.add_subcommand("tenant", "Make a further tenant on this host, with the server stopped");
  audit = app.add_subcommand(
      "audit", "Look after missing audit events on this host, with the server stopped");
  for (CLI::App* command : {init, serve, api_key, tenant, audit}) {
    add_store_options(*command, config);
    command->footer(std::string(kFooter));
  }
  add_init_options(*init, config);
  add_serve_options(*serve, config);
  add_certificate_options(*serve, config);
  add_api_key_command(*api_key, config);
  add_tenant_command(*tenant, config);
  add_platform_log_option(*serve, config);
  CLI::App* hole = audit->add_subcommand("hole", "Show the hole that stopped the sequencer");
  hole->fallthrough();
  accept_hole = add_accept_hole(*audit, config);
  audit->require_subcommand(1);
  CLI::App* files = app.add_subcommand("config", "Look at the options without using them");
  files->require_subcommand(1);
  check = files->add_subcommand("check", "Say what is wrong with the options of serve, and where");
  add_config_option(*check, config);
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

bool is_given(const std::vector<std::string>& arguments, const CLI::Option& option,
              const std::string& name) {
  if (std::getenv(option.get_envname().c_str()) != nullptr) return true;
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
  const char* variable = std::getenv("QUANTUMAPID_CONFIG");
  return variable == nullptr ? "" : variable;
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

std::string unknown(const FileOption& line) {
  return line.where + ": " + line.name + ": there is no such option";
}

// add_file appends what the file says and neither a flag nor a variable does.
Status add_file(const CommandLine& known, std::vector<std::string>& arguments) {
  const std::string file = file_named(arguments);
  const CLI::App* command = nullptr;
  for (const CLI::App* one : {known.init, known.serve, known.api_key, known.tenant, known.audit})
    if (std::ranges::find(arguments, one->get_name()) != arguments.end()) command = one;
  if (file.empty() || command == nullptr) return {};
  TRY_ASSIGN(const auto lines, read_config_file(file));
  const std::vector<std::string> given = arguments;
  for (const FileOption& line : lines) {
    const bool of_any = option_of(*known.serve, line.name) || option_of(*known.init, line.name);
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
    if (const auto identity = load_tls_files(files); !identity) return identity.error().message;
  return {};
}

// fault_of parses `serve` with these arguments; empty when nothing is wrong.
std::string fault_of(std::vector<std::string> arguments) {
  Config config;
  CommandLine line(config);
  arguments.insert(arguments.begin(), "serve");
  std::ranges::reverse(arguments);  // as CLI11 wants a vector
  try {
    line.app.parse(arguments);
    const std::string fault = settle(config);
    return fault.empty() ? unusable(config.tls) : fault;
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
}

// fault_in gives what is wrong with one line by itself.
std::string fault_in(const CommandLine& known, const FileOption& line) {
  const CLI::Option* option = option_of(*known.serve, line.name);
  if (option == nullptr) return option_of(*known.init, line.name) ? "" : unknown(line);
  std::vector<std::string> alone = arguments_of(*option, line);
  const bool truth = line.values == std::vector<std::string>{"false"} || !alone.empty();
  if (option->get_expected_max() == 0 && !truth)
    return line.where + ": " + line.name + ": is true or false";
  if (line.name != "data") alone.emplace_back("--data=.");
  if (line.name == "database") alone.emplace_back("--key-journal=.");
  if (line.name == "entropy-require-quantum") alone.emplace_back("--entropy-qrng=.");
  std::string fault = fault_of(std::move(alone));
  if (fault.empty()) return {};
  const std::string prefix = "--" + line.name + ": ";
  if (fault.starts_with(prefix)) fault.erase(0, prefix.size());
  return line.where + ": " + line.name + ": " + fault;
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(Code::kInvalidArgument, "an address is HOST:PORT");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') != host.ends_with(']'))
    return fail(Code::kInvalidArgument, "an IPv6 address stands in brackets: [::1]:8443");
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size())
    return fail(Code::kInvalidArgument, "a port is a number up to 65535");
  return Endpoint{std::string(host), port};
}

namespace {

// faults_of says what is wrong with a command line: each line of serve's file that is, if any.
std::vector<std::string> faults_of(const CommandLine& line, int argc, char** argv,
                                   const CLI::ParseError& error) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (error.get_name() == "RequiredError" && line.app.get_subcommands().empty() &&
      !arguments.empty())
    return {"there is no command " + arguments.front()};
  const auto lines = read_config_file(file_named(arguments));
  std::vector<std::string> faults;
  if (lines && std::ranges::find(arguments, "serve") != arguments.end())
    for (const FileOption& one : *lines)
      if (std::string fault = fault_in(line, one); !fault.empty())
        faults.push_back(std::move(fault));
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
    line.app.parse(arguments);
    if (line.check->parsed()) {
      config.command = Config::Command::kCheck;
      return config;
    }
    if (const std::string wrong = settle(config); !wrong.empty()) throw CLI::ValidationError(wrong);
  } catch (const CLI::Success& asked) {  // --help, --version
    config.exit_code = line.app.exit(asked);
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
                   : line.accept_hole->parsed() ? Command::kAcceptHole
                                                : Command::kShowHole;
  return config;
}

std::vector<std::string> find_faults(const std::string& file) {
  Config unused;
  const CommandLine known(unused);
  std::vector<FileOption> lines;
  if (!file.empty()) {
    auto read = read_config_file(file);
    if (!read) return {read.error().message};
    lines = *std::move(read);
  }
  std::vector<std::string> faults;
  std::vector<std::string> together;
  for (const FileOption& line : lines) {
    if (std::string fault = fault_in(known, line); !fault.empty()) {
      faults.push_back(std::move(fault));
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
    faults.push_back((file.empty() ? "" : file + ": ") + fault);
  return faults;
}

}  // namespace quantumapi::server
