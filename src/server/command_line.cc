#include "server/command_line.h"

#include <CLI/CLI.hpp>

#include "audit/checkpoint_post.h"
#include "base/help_format.h"
#include "server/version.h"
#include "store/database.h"

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
      ->check([](const std::string& url) {
        const Status usable = store::check_database_url(url);
        return usable ? std::string() : usable.error().message;
      })
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
              if (!endpoint) throw CLI::ValidationError(value + ": " + endpoint.error().message);
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
  app.add_option("--audit-checkpoint-url", config.checkpoint_url,
                 "Receiver outside to which each audit checkpoint is posted, as text")
      ->check([](const std::string& url) {
        const auto receiver = audit::CheckpointPost::receiver(url);
        return receiver ? std::string() : receiver.error().message;
      })
      ->envname("QUANTUMAPID_AUDIT_CHECKPOINT_URL");
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
  app.add_option(
         "--certificate-min-seconds", config.certificate_min_seconds,
         "The shortest lifetime that certificates may have, where the tenant's policy names "
         "none")
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

}  // namespace

CommandLine::CommandLine(Config& config)
    : app(std::make_unique<CLI::App>("quantumapid: the QuantumAPI platform server",
                                     "quantumapid")) {
  app->set_version_flag("--version", std::string(version()));
  app->footer(std::string(kFooter));
  app->formatter(std::make_shared<base::HelpFormat>());
  app->require_subcommand(1);
  init = app->add_subcommand("init", "Make the store, the root key and the first tenant");
  serve = app->add_subcommand("serve", "Run the platform");
  api_key = app->add_subcommand("apikey",
                                "Make a further owner key on this host, with the server stopped");
  tenant =
      app->add_subcommand("tenant", "Make a further tenant on this host, with the server stopped");
  audit = app->add_subcommand(
      "audit", "Look after missing audit events on this host, with the server stopped");
  restore = app->add_subcommand(
      "restore", "Make a backup of a SQLite store the store, with the server stopped");
  for (CLI::App* command : {init, serve, api_key, tenant, audit, restore}) {
    add_store_options(*command, config);
    command->footer(std::string(kFooter));
  }
  restore
      ->add_option("BACKUP", config.backup,
                   "As sqlite3 DATA/quantumapi.db \".backup FILE\" makes it")
      ->required();
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
  CLI::App* files = app->add_subcommand("config", "Look at the options without using them");
  files->require_subcommand(1);
  check = files->add_subcommand("check", "Say what is wrong with the options of serve, and where");
  add_config_option(*check, config);
}

CommandLine::~CommandLine() = default;

}  // namespace quantumapi::server
