#include "quantumapi/internal_server.h"

#include <cxxabi.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <typeinfo>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "client/backoff.h"
#include "client/certificate_provider.h"
#include "client/deadline.h"
#include "client/error.h"
#include "client/internal_address.h"
#include "http/ascii.h"
#include "http/server.h"

namespace quantumapi::sdk {
namespace {

using std::chrono::milliseconds;

// How soon a new certificate of the service is taken up.
constexpr milliseconds kLookEvery{500};
constexpr std::size_t kMostWaiting = 1'000'000'000;

LogLevel level_of(base::LogLevel level) {
  if (level == base::LogLevel::kError) return LogLevel::kError;
  return level == base::LogLevel::kWarning ? LogLevel::kWarning : LogLevel::kInfo;
}

struct FieldText {
  std::string operator()(std::string_view value) const { return std::string(value); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(auto value) const { return std::to_string(value); }
};

// sink_to writes the server's lines as sentences: "a TLS handshake failed (reason expired)".
base::LogSink sink_to(const Log& log) {
  return [log](base::LogLevel level, std::string_view message,
               std::initializer_list<base::LogField> fields) {
    if (!log) return;
    std::string line(message);
    for (const base::LogField& field : fields)
      line += (&field == fields.begin() ? " (" : ", ") + std::string(field.name) + " " +
              std::visit(FieldText{}, field.value);
    if (fields.size() > 0) line += ")";
    log(level_of(level), line);
  };
}

http::Reply plain(int status, std::string_view text) {
  return http::Reply::text(text, "text/plain; charset=utf-8", status);
}

// in_arena copies a text to where it lives until the answer was sent, and is wiped then.
std::string_view in_arena(WipingArena& arena, std::string_view text) {
  char* const copy = static_cast<char*>(arena.allocate(text.size(), 1));
  std::ranges::copy(text, copy);
  return {copy, text.size()};
}

// The server refuses headers that would break the answer up, and frames it itself.
http::Reply reply_of(const Response& response, WipingArena& arena) {
  http::Reply reply{.status = response.status, .body = std::pmr::string(response.body, &arena)};
  reply.content_type = kOctets;
  for (const auto& header : response.headers) {
    if (http::equal_ignoring_case(header.first, "content-type"))
      reply.content_type = in_arena(arena, header.second);
    else
      reply.headers.push_back(header);
  }
  return reply;
}

// type_name is "std::runtime_error".
std::string type_name(const std::exception& thrown) {
  const char* const mangled = typeid(thrown).name();
  const std::unique_ptr<char, decltype(&std::free)> plain(
      abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr), std::free);
  return plain ? plain.get() : mangled;
}

InternalServer::Request request_of(const http::Request& in) {
  InternalServer::Request out;
  if (in.peer != nullptr && in.peer->spiffe_id) out.peer = in.peer->spiffe_id->uri();
  out.method = http::to_string(in.method);
  out.path = in.path;
  out.query = in.query;
  for (const auto& header : in.headers) out.headers.emplace_back(header.name, header.value);
  out.body = in.body;
  return out;
}

}  // namespace

struct InternalServer::Impl {
  Impl(ServiceCertificateProvider& the_provider, Options the_options, Handler the_handler)
      : provider(the_provider),
        options(std::move(the_options)),
        handler(std::move(the_handler)),
        log(sink_to(options.log), base::LogLevel::kInfo),
        places(std::min(options.waiting, kMostWaiting) + static_cast<std::size_t>(options.threads)),
        // A thread whose answer is on its way has given its place up and not yet taken the next.
        workers(options.threads, places) {}

  Result<void> listen();
  std::shared_ptr<const http::TlsOptions> tls(const ServiceCertificate& own) const;
  void handle(http::Exchange& exchange);
  http::Reply answer(const http::Request& request);
  // keep takes up each new certificate of the service.
  void keep(const std::stop_token& stop);

  ServiceCertificateProvider& provider;
  Options options;
  Handler handler;
  std::vector<x509::SpiffeId> allowed;
  std::shared_ptr<Revocations> revocations;
  std::shared_ptr<const ServiceCertificate> shown;
  Logger log;
  Metrics metrics;
  const std::size_t places;  // for requests that run or wait
  std::atomic<std::size_t> places_taken{0};
  // The server waits for requests that the workers still answer, so it goes first.
  base::WorkerPool workers;
  std::unique_ptr<http::Server> server;
  std::jthread keeper;
};

std::shared_ptr<const http::TlsOptions> InternalServer::Impl::tls(
    const ServiceCertificate& own) const {
  auto policy = std::make_shared<http::PeerPolicy>();
  policy->trust = own.state().trust;
  policy->identities = allowed;
  policy->revocation_status = [held = revocations](const x509::Peer& who) {
    return held->status(who);
  };
  policy->clock = provider.impl().clock;
  auto made = std::make_shared<http::TlsOptions>();
  const x509::Identity& identity = *own.state().identity;
  made->identities.push_back(
      {identity.type, identity.chain_pem, identity.key_pkcs8_der.clone(SecretAccess{})});
  made->groups = options.groups;
  made->peers = std::move(policy);
  return made;
}

Result<void> InternalServer::Impl::listen() {
  shown = provider.current();
  if (!shown)
    return fail(Kind::kUnavailable, "no_certificate", "the service has no valid certificate");
  TRY_ASSIGN(revocations, provider.impl().revocations(options.log));
  http::Server::Options settings;
  settings.listen.push_back({.host = options.host, .port = options.port, .tls = tls(*shown)});
  settings.limits.body = options.body_limit;
  auto started = http::Server::start(
      std::move(settings), [this](http::Exchange& exchange) { handle(exchange); },
      [limit = options.body_limit](const http::Request&) {
        return http::Server::ContentRule{limit, /*is_known=*/true};
      },
      [](const std::function<void()>& work) { work(); }, log, metrics);
  if (!started) {
    Error error = error_of(started.error());
    if (error.code.empty()) error.code = "listen_failed";
    return std::unexpected(std::move(error));
  }
  server = *std::move(started);
  keeper = std::jthread([this](const std::stop_token& stop) { keep(stop); });
  return {};
}

void InternalServer::Impl::handle(http::Exchange& exchange) {
  // The place is free before the caller has the answer: its next request finds it.
  const auto run = [this, &exchange] {
    http::Reply reply = answer(exchange.request());
    --places_taken;
    exchange.respond(std::move(reply));
  };
  if (places_taken.fetch_add(1) < places && workers.submit(run)) return;
  --places_taken;
  exchange.respond(plain(503, "too many requests wait already"));
}

http::Reply InternalServer::Impl::answer(const http::Request& request) {
  try {
    Response response = handler(request_of(request));
    // 408 with close would say that the request was never had: it would be sent again.
    if (response.status == 408) response.status = 504;
    if (response.status >= 200 && response.status <= 599) return reply_of(response, *request.arena);
    log.error("the handler's status can't be sent", {{"status", std::int64_t{response.status}}});
  } catch (const std::exception& thrown) {
    // Not what it says: that may hold a value of the request.
    log.error("the handler threw", {{"type", std::string_view(type_name(thrown))},
                                    {"request", std::string_view(request.id.to_string())},
                                    {"path", request.path}});
  } catch (...) {
    log.error("the handler threw",
              {{"request", std::string_view(request.id.to_string())}, {"path", request.path}});
  }
  return plain(500, "the request could not be answered");
}

void InternalServer::Impl::keep(const std::stop_token& stop) {
  std::shared_ptr<const ServiceCertificate> failed;
  while (pause(kLookEvery, stop)) {
    const auto current = provider.current();
    if (!current || current == shown) continue;
    if (const auto taken = server->reload_tls(0, tls(*current)); taken)
      shown = current;
    else if (std::exchange(failed, current) != current)  // said once, and tried again
      log.error("a new certificate can't be taken up: " + taken.error().message);
  }
}

InternalServer::InternalServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InternalServer::~InternalServer() = default;

Result<std::unique_ptr<InternalServer>> InternalServer::start(
    ServiceCertificateProvider& certificates, Options options, Handler handler) {
  if (options.allowed_peers.empty())
    return fail(Kind::kInvalid, "no_peers", "an internal server needs a peer that it answers");
  if (!handler) return fail(Kind::kInvalid, "no_handler", "an internal server needs a handler");
  if (options.threads < 1 || options.threads > kMaxThreads)
    return invalid_option("threads", "is 1 to " + std::to_string(kMaxThreads));
  std::vector<x509::SpiffeId> allowed;
  for (const std::string& uri : options.allowed_peers) {
    auto id = x509::SpiffeId::parse(uri);
    if (!id) return invalid_option("allowed_peers", uri + ": " + id.error().message);
    allowed.push_back(*std::move(id));
  }
  return or_no_thread([&]() -> Result<std::unique_ptr<InternalServer>> {
    auto impl = std::make_unique<Impl>(certificates, std::move(options), std::move(handler));
    impl->allowed = std::move(allowed);
    TRY(impl->listen());
    return std::unique_ptr<InternalServer>(new InternalServer(std::move(impl)));
  });
}

std::uint16_t InternalServer::port() const { return impl_->server->ports().at(0); }

void InternalServer::drain(milliseconds limit) {
  impl_->server->drain(std::min<milliseconds>(limit / 2, milliseconds(1'000)), bounded(limit));
}

std::string InternalServer::metrics() const { return impl_->metrics.text(); }

}  // namespace quantumapi::sdk
