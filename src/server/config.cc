#include "server/config.h"

#include <CLI/CLI.hpp>
#include <charconv>

#include "server/version.h"

namespace quantumapi::server {
namespace {

constexpr std::string_view kFooter =
    "Every option can be given as a variable instead: --key-journal is QUANTUMAPID_KEY_JOURNAL.\n"
    "A flag wins over its variable.";

void add_store_options(CLI::App& app, Config& config) {
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

void add_serve_options(CLI::App& app, Config& config) {
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
  app.add_option("--log-level", config.log_level, "debug (each request), info, warning, error")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, LogLevel>{{"debug", LogLevel::kDebug},
                                                                  {"info", LogLevel::kInfo},
                                                                  {"warning", LogLevel::kWarning},
                                                                  {"error", LogLevel::kError}},
                                  CLI::ignore_case))
      ->envname("QUANTUMAPID_LOG_LEVEL");
  app.add_option("--audit-checkpoint-file", config.checkpoint_file,
                 "File outside the store to which each audit checkpoint is appended")
      ->envname("QUANTUMAPID_AUDIT_CHECKPOINT_FILE");
}

void add_init_options(CLI::App& app, Config& config) {
  app.add_flag("--json", config.json, "Print {\"api_key\",\"tenant_id\"} alone, for scripts");
  app.add_option("--tenant", config.tenant, "Name of the first tenant")->capture_default_str();
  app.add_option("--host", config.hosts,
                 "Further DNS names and addresses of the self-made certificates")
      ->envname("QUANTUMAPID_HOST")
      ->delimiter(',');
}

// settle fills in what depends on other options. Empty when all is well.
std::string settle(Config& config) {
  if (!config.database.empty() && config.key_journal.empty())
    return "--key-journal is required with --database";
  if (config.key_journal.empty()) config.key_journal = config.data + "/keys.journal";
  if (config.seal_file.empty()) config.seal_file = config.data + "/root.seal";
  if (config.require_quantum && config.qrng.empty())
    return "--entropy-require-quantum needs --entropy-qrng";
  if (config.listen.empty()) config.listen.push_back({"127.0.0.1", 8443});
  return {};
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

Config parse_command_line(int argc, char** argv) {
  Config config;
  CLI::App app("quantumapid: the QuantumAPI platform server", "quantumapid");
  app.set_version_flag("--version", std::string(version()));
  app.footer(std::string(kFooter));
  app.require_subcommand(1);

  CLI::App* init = app.add_subcommand("init", "Make the store, the root key and the first tenant");
  CLI::App* serve = app.add_subcommand("serve", "Run the platform");
  CLI::App* api_key = app.add_subcommand(
      "apikey", "Make a further owner key on this host, with the server stopped");
  for (CLI::App* command : {init, serve, api_key}) {
    add_store_options(*command, config);
    command->footer(std::string(kFooter));
  }
  add_init_options(*init, config);
  add_serve_options(*serve, config);
  CLI::App* create = api_key->add_subcommand("create", "Make a key and print it once");
  create->add_option("--name", config.api_key_name, "What the key is called")
      ->capture_default_str();
  create->add_flag("--json", config.json, "Print {\"api_key\",\"tenant_id\"} alone");
  create->fallthrough();
  api_key->require_subcommand(1);

  try {
    app.parse(argc, argv);
    if (const std::string wrong = settle(config); !wrong.empty()) throw CLI::ValidationError(wrong);
  } catch (const CLI::ParseError& error) {
    config.exit_code = app.exit(error) == 0 ? 0 : 2;
    return config;
  }
  config.command = init->parsed()    ? Config::Command::kInit
                   : serve->parsed() ? Config::Command::kServe
                                     : Config::Command::kCreateApiKey;
  return config;
}

}  // namespace quantumapi::server
