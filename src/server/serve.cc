#include "server/serve.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <thread>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "http/server.h"
#include "server/audit_commands.h"
#include "server/dispatcher.h"
#include "server/hardening.h"
#include "server/health_monitor.h"
#include "server/initialise.h"
#include "server/openapi.h"
#include "server/platform.h"
#include "server/repository.h"
#include "server/restore.h"
#include "server/system_routes.h"
#include "server/tls_identity.h"
#include "server/version.h"

namespace quantumapi::server {
namespace {

constexpr std::size_t kMaxWaitingRequests = 4096;
// What clients never take of the descriptors: the store, the journal and log streams need some.
constexpr std::size_t kOwnFiles = 256;

Result<http::Server::Options> listeners(Platform& platform, const Config& config,
                                        const Clock& clock, Logger& log) {
  http::Server::Options options;
  options.threads = config.io_threads > 0
                        ? config.io_threads
                        : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const std::size_t files = raise_open_files();
  options.limits.connections =
      std::min(options.limits.connections, std::max(files / 2, files - std::min(files, kOwnFiles)));
  TRY_ASSIGN(const auto tls, load_tls(platform, config, clock, log));
  for (const Endpoint& endpoint : config.listen)
    options.listen.push_back({endpoint.host, endpoint.port, tls});
  for (const Endpoint& endpoint : config.listen_plain)
    options.listen.push_back({endpoint.host, endpoint.port, nullptr});
  return options;
}

std::vector<http::Route> all_routes(Platform& platform, const HealthMonitor& health,
                                    const Metrics& metrics, const Clock& clock) {
  auto document = std::make_shared<std::string>();
  std::vector<http::Route> routes = platform.product_routes();
  const auto first = platform.access().first_tenant();
  const TenantId operators = first ? first->id : TenantId{};
  for (http::Route& route : system_routes(health, operators, metrics, clock, document))
    routes.push_back(std::move(route));
  *document = openapi(routes);
  return routes;
}

void announce(const http::Server& server, const Config& config, Logger& log) {
  const std::vector<std::uint16_t> ports = server.ports();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const bool tls = i < config.listen.size();
    const std::string& host =
        tls ? config.listen[i].host : config.listen_plain[i - config.listen.size()].host;
    log.info("listening", {{"scheme", tls ? std::string_view("https") : std::string_view("http")},
                           {"host", host},
                           {"port", static_cast<std::int64_t>(ports[i])}});
  }
}

Status register_replica(Platform& platform, const Clock& clock) {
  return platform.database().change([&](store::Transaction& tx) {
    return repository::put_replica(tx, platform.database().process(), version(), clock.wall());
  });
}

Status unregister_replica(Platform& platform) {
  return platform.database().change([&](store::Transaction& tx) {
    return repository::remove_replica(tx, platform.database().process());
  });
}

Status reload(Platform& platform, http::Server& server, std::size_t tls_listeners,
              const Config& config, const Clock& clock, Logger& log) {
  if (config.command != Config::Command::kServe)
    return fail(Code::kInvalidArgument, fmt::format("{}", fmt::join(config.faults, "; ")));
  for (const TlsFiles& files : config.tls) TRY(check_tls_files(files, clock.wall()));
  TRY_ASSIGN(const auto tls, load_tls(platform, config, clock, log));
  // Addresses are not reloaded: as many listeners are TLS as when the server began.
  for (std::size_t i = 0; i < tls_listeners; ++i) TRY(server.reload_tls(i, tls));
  log.set_level(config.log_level);
  return {};
}

int check_config(const Config& config) {
  const std::vector<std::string> faults = find_faults(config.file);
  for (const std::string& fault : faults) std::cerr << fault << '\n';
  for (const std::string& name : empty_variables())
    std::cerr << "note: " << name << " is empty, which is as if it were not set\n";
  if (!faults.empty()) return 1;
  std::cout << (config.file.empty() ? "environment" : config.file) << ": nothing is wrong\n";
  return 0;
}

}  // namespace

Status serve(const Config& config, const std::function<Config()>& again, Logger& log) {
  const base::SystemClock clock;
  Metrics metrics;
  Activity activity;
  TRY_ASSIGN(const auto platform,
             Platform::open(config, Platform::Mode::kOpen, clock, log, metrics, &activity));
  TRY(register_replica(*platform, clock));
  TRY_ASSIGN(auto personal_key, platform->platform_personal_key());
  TRY_ASSIGN(auto options, listeners(*platform, config, clock, log));
  options.activity = &activity;
  platform->start();
  HealthMonitor health(*platform, clock, metrics);
  WorkerPool workers(config.worker_threads, kMaxWaitingRequests, &activity);
  Dispatcher dispatcher(all_routes(*platform, health, metrics, clock), platform->access(),
                        platform->database(), std::move(personal_key), workers, clock, log,
                        metrics);
  TRY_ASSIGN(const auto server,
             http::Server::start(
                 std::move(options), [&](http::Exchange& exchange) { dispatcher.handle(exchange); },
                 [&](const http::Request& request) { return dispatcher.content_rule(request); },
                 [&](std::function<void()> pull) {
                   while (!workers.submit(pull)) std::this_thread::yield();
                 },
                 log, metrics));
  announce(*server, config, log);
  wait_for_stop([&] {
    const Status done = reload(*platform, *server, config.listen.size(), again(), clock, log);
    if (done)
      log.info("reloaded certificates and log level");
    else
      log.error("nothing was reloaded", {{"reason", std::string_view(done.error().message)}});
  });
  log.info("draining");
  server->drain(std::chrono::seconds(std::min(1, config.drain_seconds)),
                std::chrono::seconds(config.drain_seconds));
  dispatcher.stop();
  health.stop();
  platform->stop();
  TRY(unregister_replica(*platform));
  log.info("stopped");
  return {};
}

int main_program(int argc, char** argv) {
  const Config config = parse_command_line(argc, argv);
  if (config.command == Config::Command::kExit) {
    for (const std::string& fault : config.faults) std::cerr << "quantumapid: " << fault << '\n';
    return config.exit_code;
  }
  if (config.command == Config::Command::kCheck) return check_config(config);
  Status status = harden();
  Logger log(2, config.log_level);
  if (status) switch (config.command) {
      case Config::Command::kInit:
        status = initialise(config, std::cout, std::cerr, log);
        break;
      case Config::Command::kCreateApiKey:
        status = create_api_key(config, std::cout, log);
        break;
      case Config::Command::kCreateTenant:
        status = create_tenant(config, std::cout, log);
        break;
      case Config::Command::kShowHole:
        status = show_hole(config, std::cout, log);
        break;
      case Config::Command::kAcceptHole:
        status = accept_hole(config, std::cout, log);
        break;
      case Config::Command::kRestore:
        status = restore(config, std::cout);
        break;
      case Config::Command::kServe:
        status = serve(config, [&] { return parse_command_line(argc, argv); }, log);
        break;
      case Config::Command::kCheck:
      case Config::Command::kExit:
        break;
    }
  if (status) return 0;
  if (config.command == Config::Command::kServe)
    log.error(status.error().message);
  else
    std::cerr << "quantumapid: " << status.error().message << '\n';
  return 1;
}

}  // namespace quantumapi::server
