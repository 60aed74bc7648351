#include "server/system_routes.h"

#include "server/metrics_route.h"
#include "server/version.h"

namespace quantumapi::server {
namespace {

using http::Call;
using http::Reply;
using http::Route;

struct Health {
  std::string status;
  std::string version;
  std::string timestamp;
  std::string git_sha;
  std::string service;
  std::optional<bool> store;
  std::optional<bool> audit;
  std::optional<bool> entropy;
};
BOOST_DESCRIBE_STRUCT(Health, (),
                      (status, version, timestamp, git_sha, service, store, audit, entropy))
constexpr auto schema_facts(const Health*) {
  return std::to_array<json::Fact>({
      {"status", R"("enum":["healthy","unhealthy"])"},
      {"timestamp", R"("format":"date-time")"},
  });
}

struct Version {
  std::string version;
  std::string build;
  std::string commit;
};
BOOST_DESCRIBE_STRUCT(Version, (), (version, build, commit))

Health describe(const Clock& clock, bool well) {
  return {.status = well ? "healthy" : "unhealthy",
          .version = std::string(version()),
          .timestamp = clock.wall().to_string(),
          .git_sha = std::string(commit()),
          .service = "quantumapi",
          .store = {},
          .audit = {},
          .entropy = {}};
}

Reply answer(const Call& call, const Health& health, bool well) {
  return Reply::json(call.request(), health, json::Naming::kCamel, well ? 200 : 503);
}

Route open_route(std::string_view path, std::string_view summary, Route::Handler handler) {
  return {.method = http::Method::kGet,
          .path = path,
          .summary = summary,
          .handler = std::move(handler),
          .access = http::Access::kOpen,
          .pure = true,
          .at_root = true};
}

}  // namespace

std::vector<Route> system_routes(const HealthMonitor& health, TenantId operators,
                                 const Metrics& metrics, const Clock& clock, ApiDocument document) {
  std::vector<Route> routes;
  const auto ready = [&health, &clock](Call& call) -> Result<Reply> {
    const HealthState state = health.state();
    Health shown = describe(clock, state.ready());
    shown.store = state.store;
    shown.audit = state.audit;
    shown.entropy = state.entropy;
    return answer(call, shown, state.ready());
  };
  routes.push_back(open_route("/health", "Say whether the platform can serve everything.", ready));
  routes.push_back(open_route("/health/ready", "Say whether traffic should be sent here.", ready));
  routes.push_back(open_route(
      "/health/live", "Say whether the process runs.",
      [&clock](Call& call) -> Result<Reply> { return answer(call, describe(clock, true), true); }));
  for (Route& route : routes) {
    route.reply_schema = http::schema<Health>();
    route.further = {503};
  }
  routes.push_back(
      open_route("/version", "Say what this build is.", [](Call& call) -> Result<Reply> {
        return Reply::json(call.request(), Version{std::string(version()), std::string(build()),
                                                   std::string(commit())});
      }));
  routes.back().reply_schema = http::schema<Version>();
  routes.push_back(metrics_route(metrics, operators));
  routes.push_back(open_route(
      "/openapi.json", "Give this API as an OpenAPI 3.1 document.",
      [document](Call&) -> Result<Reply> { return Reply::text(*document, "application/json"); }));
  return routes;
}

}  // namespace quantumapi::server
