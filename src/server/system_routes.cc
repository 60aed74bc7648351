#include "server/system_routes.h"

#include "server/credentials.h"
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

bool is_loopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.") || address.starts_with("::ffff:127.");
}

// allow_metrics: series name routes and counts, which outsiders need not know.
Status allow_metrics(Call& call, access::AccessService& access) {
  if (is_loopback(call.request().peer_address)) return {};
  TRY_ASSIGN(const auto presented, credential(call.request()));
  TRY_ASSIGN(const auto caller, access.authenticate(presented, call.now(), call.may_block()));
  if (caller->principal.has_scope("metrics:read")) return {};
  return fail(Code::kPermissionDenied, "this key lacks the scope metrics:read",
              "insufficient_scope");
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

std::vector<Route> system_routes(const HealthMonitor& health, access::AccessService& access,
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
  routes.push_back(open_route("/health", "Whether the platform can serve everything", ready));
  routes.push_back(open_route("/health/ready", "Whether traffic should be sent here", ready));
  routes.push_back(open_route(
      "/health/live", "Whether the process runs",
      [&clock](Call& call) -> Result<Reply> { return answer(call, describe(clock, true), true); }));
  for (Route& route : routes) {
    route.reply_schema = http::schema<Health>();
    route.further = {503};
  }
  routes.push_back(open_route("/version", "What this build is", [](Call& call) -> Result<Reply> {
    return Reply::json(call.request(), Version{std::string(version()), std::string(build()),
                                               std::string(commit())});
  }));
  routes.back().reply_schema = http::schema<Version>();
  routes.push_back(open_route("/metrics", "Prometheus metrics, from loopback or with metrics:read",
                              [&access, &metrics](Call& call) -> Result<Reply> {
                                TRY(allow_metrics(call, access));
                                return Reply::text(metrics.text(), "text/plain; version=0.0.4");
                              }));
  routes.back().reply_type = "text/plain";
  routes.back().refusals = {401, 403, 503};
  routes.push_back(open_route(
      "/openapi.json", "This API as an OpenAPI 3.1 document",
      [document](Call&) -> Result<Reply> { return Reply::text(*document, "application/json"); }));
  return routes;
}

}  // namespace quantumapi::server
