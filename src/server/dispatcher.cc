#include "server/dispatcher.h"

#include <arpa/inet.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "access/api_key.h"
#include "base/encoding.h"
#include "http/problem.h"
#include "keyring/personal.h"
#include "server/credentials.h"
#include "server/personal_cache.h"
#include "server/refused_rates.h"

namespace quantumapi::server {
namespace {

using http::Access;
using http::Call;
using http::Exchange;
using http::Reply;
using http::Request;
using http::Route;

const Principal& anonymous() {
  static const Principal principal;
  return principal;
}

Outcome outcome_of(Code code) {
  return code == Code::kUnauthenticated || code == Code::kPermissionDenied ? Outcome::kDenied
                                                                           : Outcome::kFailure;
}

constexpr std::size_t kLongestName = 255;  // of anything that has one
constexpr std::chrono::milliseconds kLookForLeftEvery{500};

// resource_type_of is what the first parameter of a path names.
std::string_view resource_type_of(std::string_view path) {
  if (path.starts_with("/secrets/")) return "secret";
  if (path.starts_with("/keys/") || path.starts_with("/transit/")) return "key";
  if (path.starts_with("/apikeys/")) return "apiKey";
  if (path.starts_with("/cas/")) return "ca";
  if (path.starts_with("/service-identities/")) return "identity";
  if (path.starts_with("/certificates/")) return "certificate";
  if (path.starts_with("/log-streams/")) return "logStream";
  return path.starts_with("/resource-groups/") ? "resourceGroup" : "none";
}

// name_resource lets a refusal say what was asked for, where the path tells it.
void name_resource(AuditEvent& refusal, const Route& route,
                   const std::vector<std::string>& parameters) {
  const std::string_view type = resource_type_of(route.path);
  if (type == "none" || parameters.empty()) return;
  const std::string& named = parameters[0];
  const auto id = Uuid::parse(named);
  if (!id && (base::count_characters(named) > kLongestName || base::has_control(named))) return;
  refusal.resource_type = type;
  if (id)
    refusal.resource = *id;
  else
    refusal.resource_name = named;
}

bool is_loopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.");
}

// is_own_name is true for what a browser reaches no stranger's page by: an address, or
// localhost. Any other name may have been turned to this host by who owns it, whose page
// then reads what is answered (DNS rebinding). Over TLS the certificate tells.
bool is_own_name(std::string_view host) {
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.rfind(':'));
  std::string folded(host);
  for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  in_addr address{};
  return folded == "localhost" || folded.ends_with(".localhost") ||
         ::inet_pton(AF_INET, folded.c_str(), &address) == 1;
}

// asks_for_key: what is open to this host asks everybody else.
bool asks_for_key(const Route& route, const Request& request) {
  if (route.access != Access::kHost) return route.access == Access::kKey;
  if (!is_loopback(request.peer_address)) return true;
  return !request.tls && !is_own_name(request.header("host").value_or("localhost"));
}

// RouteMetrics counts one route's answers by status and times them.
class RouteMetrics {
 public:
  RouteMetrics(Metrics& metrics, const Route* route)
      : metrics_(metrics),
        method_(route ? http::to_string(route->method) : "other"),
        path_(route ? route->path : "unmatched"),
        latency_(
            metrics.histogram("quantumapi_http_request_duration_seconds",
                              "Time from the complete request to its answer",
                              {{"method", std::string(method_)}, {"route", std::string(path_)}})) {}

  void observe(int status, std::chrono::nanoseconds duration) {
    counter(status).add();
    latency_.observe(duration);
  }

 private:
  base::Counter& counter(int status) {
    const auto slot = static_cast<std::size_t>(status);
    base::Counter* found =
        slot < counters_.size() ? counters_[slot].load(std::memory_order_acquire) : nullptr;
    if (found) return *found;
    found = &metrics_.counter("quantumapi_http_requests_total", "Requests by route and status",
                              {{"method", std::string(method_)},
                               {"route", std::string(path_)},
                               {"status", std::to_string(status)}});
    if (slot < counters_.size()) counters_[slot].store(found, std::memory_order_release);
    return *found;
  }

  Metrics& metrics_;
  std::string_view method_;
  std::string_view path_;
  base::Histogram& latency_;
  std::array<std::atomic<base::Counter*>, 600> counters_ = {};
};

}  // namespace

struct Dispatcher::Impl {
  // Work is one exchange with what was found for it so far.
  struct Work {
    Exchange& exchange;
    const Route* route = nullptr;
    std::vector<std::string> parameters{};
    RouteMetrics* metrics = nullptr;
    SteadyTime begun{};
    std::shared_ptr<const access::Authenticated> caller{};
    ApiKeyId ended{};  // of the right key that came too late: revoked or expired
    bool admitted = false;
    bool counted = false;          // against the route's own limit
    std::optional<Reply> reply{};  // while its events become durable
  };
  using Shared = std::shared_ptr<Work>;

  http::Router router;
  access::AccessService& access;
  store::Database& database;
  SecretBytes platform_personal_key;
  WorkerPool& workers;
  const Clock& clock;
  Logger& log;
  PersonalCache personal{clock};
  std::vector<std::unique_ptr<RouteMetrics>> route_metrics;  // in the order of the router's
  RouteMetrics unmatched;
  base::Counter& failed_authentications;
  RefusedRates refused_rates;
  std::mutex stop_mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread left_recorder;

  Impl(std::vector<Route> routes, access::AccessService& a, store::Database& d, SecretBytes key,
       WorkerPool& w, const Clock& c, Logger& l, Metrics& metrics)
      : router(std::move(routes)),
        access(a),
        database(d),
        platform_personal_key(std::move(key)),
        workers(w),
        clock(c),
        log(l),
        unmatched(metrics, nullptr),
        failed_authentications(metrics.counter("quantumapi_failed_authentications_total",
                                               "Requests whose credentials were refused.")) {
    for (const Route& route : router.routes())
      route_metrics.push_back(std::make_unique<RouteMetrics>(metrics, &route));
    left_recorder = std::thread([this] { record_left_refusals(); });
  }
  ~Impl() { stop(); }

  void begin(Exchange& exchange) {
    auto work = std::make_shared<Work>(Work{.exchange = exchange, .begun = clock.steady()});
    work->metrics = &unmatched;
    const Request& request = exchange.request();
    auto match = router.find(request.method, request.path);
    if (!match) return finish(*work, http::problem(request, match.error()));
    if (match->route == nullptr) return finish(*work, no_route(request, *match));
    work->route = match->route;
    work->parameters = std::move(match->parameters);
    const auto row = static_cast<std::size_t>(match->route - router.routes().data());
    work->metrics = route_metrics[row].get();
    if (work->route->pure)
      attempt(work, /*may_block=*/false);
    else
      queue(work);
  }

  // knows_sender decides about memory alone: what a key may do is decided with the whole request.
  bool knows_sender(const Request& request) {
    const auto presented = credential(request);
    if (!presented) return false;
    const auto caller = access.authenticate(*presented, clock.wall(), /*may_block=*/false);
    if (!caller && caller.error().code == Code::kWouldBlock) {
      const auto copy = std::make_shared<const SecretBytes>(SecretBytes::copy_of(*presented));
      // No exchange waits for it, so it may end after this object.
      (void)workers.submit([&service = access, &time = clock, copy] {
        (void)service.authenticate(copy->reveal_text(SecretAccess{}), time.wall(), true);
      });
    }
    return caller.has_value();
  }

  static Reply no_route(const Request& request, const http::Router::Match& match) {
    if (match.allow.empty())
      return http::problem(request, Error{Code::kNotFound, "there is no such path"});
    Reply reply = http::problem(
        request, Error{Code::kMethodNotAllowed, "the path does not take this method"});
    reply.headers.emplace_back("Allow", match.allow);
    return reply;
  }

  void queue(const Shared& work) {
    if (workers.submit([this, work] { attempt(work, /*may_block=*/true); })) return;
    finish(
        *work,
        http::problem(
            work->exchange.request(),
            Error{Code::kUnavailable, "too many requests wait; try again", "overloaded", {}, 1}));
  }

  // attempt runs the request once; a cache miss on an I/O thread runs it again on the pool.
  void attempt(const Shared& work, bool may_block) {
    const Request& request = work->exchange.request();
    const WallTime now = clock.wall();
    if (const Status known = authorise(*work, now, may_block); !known) {
      if (known.error().code == Code::kWouldBlock) return queue(work);
      return refuse(work, known.error(), event(*work, now));
    }
    Call call(request, work->caller ? work->caller->principal : anonymous(), event(*work, now),
              may_block);
    call.parameters = work->parameters;
    Result<Reply> reply = work->route->handler(call);
    if (!reply && reply.error().code == Code::kWouldBlock && !may_block) return queue(work);
    if (!reply) return refuse(work, reply.error(), call.event());
    settle(work, *std::move(reply), call);
  }

  // authorise establishes the caller and holds the key against the route's scope.
  Status authorise(Work& work, WallTime now, bool may_block) {
    if (!asks_for_key(*work.route, work.exchange.request())) return {};
    TRY_ASSIGN(const std::string_view presented, credential(work.exchange.request()));
    auto caller = access.authenticate(presented, now, may_block);
    if (!caller) {
      work.ended = ended_key(presented, caller.error());
      return std::unexpected(caller.error());
    }
    work.caller = *std::move(caller);
    // Once a request, though it may be attempted twice: it counts against the key's rate.
    if (!work.admitted)
      TRY(access.admit(*work.caller, work.exchange.request().peer_address, may_block));
    work.admitted = true;
    const Route& route = *work.route;
    if (!route.scope.empty() && !work.caller->principal.has_scope(route.scope))
      return fail(Code::kPermissionDenied, "this key lacks the scope " + std::string(route.scope),
                  "insufficient_scope");
    if (route.whole_tenant && !work.caller->principal.bindings.empty())
      return fail(Code::kPermissionDenied,
                  "this key is bound to resources, and this is for keys of the whole tenant",
                  "insufficient_scope");
    if (route.per_minute > 0 && !work.counted)
      TRY(access.admit_to(*work.caller, route.action, route.per_minute, may_block));
    work.counted = true;
    return {};
  }

  // ended_key: these two answers are given to who has the key's whole text, and to nobody else.
  static ApiKeyId ended_key(std::string_view presented, const Error& refused) {
    if (refused.reason != "key_revoked" && refused.reason != "key_expired") return {};
    const auto parsed = access::parse_api_key(presented);
    return parsed ? access::api_key_id(parsed->id) : ApiKeyId{};
  }

  // event fills in who, when and from where. What an ended key is used for stands in the
  // platform's log: its holder must not fill the tenant's.
  AuditEvent event(const Work& work, WallTime now) {
    const Request& request = work.exchange.request();
    AuditEvent made{.time = now,
                    .request = request.id,
                    .action = work.route->action,
                    .category = work.route->category};
    const std::string_view agent = request.header("user-agent").value_or("");
    if (work.route->action.empty()) return made;
    if (!work.caller) {
      if (auto sealed = keyring::seal_personal(platform_personal_key, Uuid{}, "",
                                               request.peer_address, agent))
        made.actor.personal = *std::move(sealed);
      if (!work.ended.uuid.is_nil()) made.actor.type = "apiKey";
      made.actor.api_key = work.ended.uuid;
      return made;
    }
    const Principal& principal = work.caller->principal;
    made.tenant = principal.tenant;
    made.actor.type = "apiKey";
    made.actor.account = principal.account.uuid;
    made.actor.api_key = principal.api_key.uuid;
    if (auto sealed = personal.sealed(work.caller, request.peer_address, agent))
      made.actor.personal = *std::move(sealed);
    return made;
  }

  // settle sends a handler's reply once its events are durable.
  void settle(const Shared& work, Reply reply, Call& call) {
    if (asks_for_key(*work->route, work->exchange.request()) && call.events.empty() &&
        !call.in_transaction) {
      log.error("a handler answered without an audit event", {{"route", work->route->path}});
      return finish(*work,
                    http::problem(work->exchange.request(), Error{Code::kInternal, "not audited"}));
    }
    if (call.events.empty()) return finish(*work, std::move(reply));
    send_when_durable(work, std::move(reply), std::move(call.events));
  }

  // refuse answers an error, which is an event of its own wherever a key was asked for.
  void refuse(const Shared& work, const Error& error, AuditEvent refusal) {
    const Request& request = work->exchange.request();
    if (error.code == Code::kInternal || error.code == Code::kDataLoss)
      log.error(error.message, {{"request", request.id.to_string()}, {"route", work->route->path}});
    if (error.code == Code::kUnauthenticated) failed_authentications.add();
    Reply reply = http::problem(request, error);
    if (work->route->action.empty()) return finish(*work, std::move(reply));
    refusal.outcome = outcome_of(error.code);
    refusal.error = http::reason_of(error);
    if (refusal.resource.is_nil() && refusal.resource_name.empty())
      name_resource(refusal, *work->route, work->parameters);
    std::vector<AuditEvent> events;
    if (error.code != Code::kRateLimited || !work->caller) {
      events.push_back(std::move(refusal));
      return send_when_durable(work, std::move(reply), std::move(events));
    }
    auto taken = refused_rates.take(std::move(refusal), clock.steady());
    if (!taken) return finish(*work, std::move(reply));
    events.push_back(*taken);
    // This one is answered otherwise then; those it stands for were refused.
    const auto not_recorded = [this, others = *std::move(taken)]() mutable {
      if (--*others.failed_items > 0) refused_rates.give_back(std::move(others));
    };
    send_when_durable(work, std::move(reply), std::move(events), not_recorded);
  }

  // record_left_refusals is what left_recorder does.
  void record_left_refusals() {
    std::unique_lock lock(stop_mutex);
    while (!wake.wait_for(lock, kLookForLeftEvery, [&] { return stopping; })) {
      lock.unlock();
      (void)record(refused_rates.left(clock.steady()));
      lock.lock();
    }
  }

  Status record(std::vector<AuditEvent> left) {
    if (left.empty()) return {};
    const Status durable = database.append_and_wait(left);
    if (!durable)
      for (AuditEvent& event : left) refused_rates.give_back(std::move(event));
    return durable;
  }

  void stop() {
    {
      const std::scoped_lock lock(stop_mutex);
      stopping = true;
    }
    wake.notify_one();
    if (!left_recorder.joinable()) return;
    left_recorder.join();
    if (const Status durable = record(refused_rates.all_left()); !durable)
      log.error("refusals of rates are not recorded: " + durable.error().message);
  }

  void send_when_durable(const Shared& work, Reply reply, std::vector<AuditEvent> events,
                         std::function<void()> not_recorded = {}) {
    // Made anew, not assigned: a body that is assigned leaves the arena of its request, and
    // what is left of it there would outlive the request.
    work->reply.emplace(std::move(reply));
    database.append(std::move(events), [this, work, not_recorded](const Status& durable) {
      if (durable) return finish(*work, *std::move(work->reply));
      if (not_recorded) not_recorded();
      finish(*work, http::problem(work->exchange.request(), Error{Code::kUnavailable,
                                                                  "the audit log can't be written",
                                                                  "audit_unavailable",
                                                                  {},
                                                                  1}));
    });
  }

  void finish(Work& work, Reply reply) {
    const auto took = clock.steady() - work.begun;
    work.metrics->observe(reply.status, took);
    const LogLevel level = reply.status >= 500 ? LogLevel::kWarning : LogLevel::kDebug;
    if (log.takes(level)) log_request(level, work, reply.status, took);
    work.exchange.respond(std::move(reply));
  }

  void log_request(LogLevel level, const Work& work, int status, std::chrono::nanoseconds took) {
    const Request& request = work.exchange.request();
    log.write(
        level, "request",
        {{"request", request.id.to_string()},
         {"traceparent", request.traceparent},
         {"method", http::to_string(request.method)},
         {"route", work.route ? work.route->path : std::string_view("unmatched")},
         {"status", static_cast<std::int64_t>(status)},
         {"micros", static_cast<std::int64_t>(
                        std::chrono::duration_cast<std::chrono::microseconds>(took).count())}});
  }
};

Dispatcher::Dispatcher(std::vector<Route> routes, access::AccessService& access,
                       store::Database& database, SecretBytes platform_personal_key,
                       WorkerPool& workers, const Clock& clock, Logger& log, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(routes), access, database,
                                   std::move(platform_personal_key), workers, clock, log,
                                   metrics)) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::handle(Exchange& exchange) { impl_->begin(exchange); }
void Dispatcher::stop() { impl_->stop(); }

http::Server::ContentRule Dispatcher::content_rule(const http::Request& request) {
  const auto match = impl_->router.find(request.method, request.path);
  if (!match || match->route == nullptr) return {64 * 1024, false};
  return {match->route->body_limit, impl_->knows_sender(request)};
}

const http::Router& Dispatcher::router() const { return impl_->router; }

}  // namespace quantumapi::server
