#include "http/client.h"

#include <algorithm>
#include <mutex>

#include "http/ascii.h"
#include "http/client_connection.h"
#include "http/tls_client.h"
#include "http/tls_peer.h"

namespace quantumapi::http {
namespace {

constexpr std::size_t kKeptConnections = 8;

bool is_safe(Method method) {
  return method == Method::kGet || method == Method::kHead || method == Method::kOptions;
}

Status check(const ClientRequest& request) {
  const bool target =
      request.target.starts_with('/') &&
      std::ranges::all_of(request.target, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!std::ranges::all_of(request.content_type, is_field_char))
    return fail(Code::kInvalidArgument, "the content type cannot be sent as given");
  if (!target || request.method == Method::kOther)
    return fail(Code::kInvalidArgument, "the request target is not an encoded path");
  for (const auto& [name, value] : request.headers)
    if (name.empty() || !std::ranges::all_of(name, is_token_char) ||
        !std::ranges::all_of(value, is_field_char))
      return fail(Code::kInvalidArgument, "a header cannot be sent as given");
  return {};
}

std::string host_of(const Url& origin) {
  std::string host =
      origin.host.find(':') == std::string::npos ? origin.host : "[" + origin.host + "]";
  const std::uint16_t usual = origin.scheme == "https" ? 443 : 80;
  return origin.port == usual ? host : host + ":" + std::to_string(origin.port);
}

// The head holds credentials, hence the wiped string.
base::WipedString make_head(const ClientRequest& request, const std::string& host) {
  base::WipedString head;
  head.reserve(512);
  const auto line = [&](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  head.append(to_string(request.method)).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  line("Host", host);
  for (const auto& [name, value] : request.headers) line(name, value);
  const bool takes_content = request.method == Method::kPost || request.method == Method::kPut ||
                             request.method == Method::kPatch;
  if (!request.body.empty() || takes_content) {
    line("Content-Type", request.content_type);
    line("Content-Length", std::to_string(request.body.size()));
  }
  return head.append("\r\n");
}

// was_closed_idle is true when the server gave up a kept connection just as we used it. By 408 and
// close it says that it did not have our request (RFC 9110 section 15.5.9); whether it had that
// can't be told where it closed without an answer.
bool was_closed_idle(Method method, const Result<ClientResponse>& response, bool reusable,
                     const ClientConnection& connection) {
  if (response) return response->status == 408 && !reusable;
  return is_safe(method) && response.error().reason == "connection_closed" &&
         !connection.answered();
}

bool has_content(Method method, int status) {
  return method != Method::kHead && status != 204 && status != 304;
}

}  // namespace

std::optional<std::string_view> ClientResponse::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (equal_ignoring_case(known, name)) return value;
  return std::nullopt;
}

struct Client::Impl {
  using Chunk = ClientConnection::Chunk;
  // Forget takes a connection off the list before it goes. It locks: nothing is let go of
  // while the mutex is held.
  struct Forget {
    Impl* impl;
    void operator()(ClientConnection* connection) const { impl->forget(connection); }
  };
  using Connection = std::unique_ptr<ClientConnection, Forget>;

  Connection take_kept();
  void keep(Connection connection);
  void forget(ClientConnection* connection);
  void take_up(SslContext made);
  void recheck();
  // refusal of a connection's server by the policy as it is now.
  std::optional<x509::Refusal> refusal(const ClientConnection& connection);
  std::optional<x509::Refusal> refusal_locked(const ClientConnection& connection) const;
  Result<Connection> open(const ClientRequest& request, SteadyTime deadline);
  Result<ClientResponse> run(const ClientRequest& request, const Chunk* chunk);
  Result<ClientResponse> exchange(ClientConnection& connection, const ClientRequest& request,
                                  const Chunk* chunk, SteadyTime deadline, bool& reusable);

  Url origin;
  Url place;  // where to connect
  Options options;
  std::string host;

  std::mutex mutex;  // guards what follows
  SslContext context;
  std::vector<ClientConnection*> open_ones;  // kept or in use
  std::vector<Connection> kept;
  TlsFacts facts;
};

Client::Impl::Connection Client::Impl::take_kept() {
  std::vector<Connection> useless;
  const std::lock_guard lock(mutex);
  while (!kept.empty()) {
    Connection connection = std::move(kept.back());
    kept.pop_back();
    if (connection->is_quiet() && !refusal_locked(*connection)) return connection;
    useless.push_back(std::move(connection));
  }
  return {nullptr, {this}};
}

void Client::Impl::keep(Connection connection) {
  const std::lock_guard lock(mutex);
  if (kept.size() < kKeptConnections && connection->context() == context.get())
    kept.push_back(std::move(connection));
}

void Client::Impl::forget(ClientConnection* connection) {
  {
    const std::lock_guard lock(mutex);
    std::erase(open_ones, connection);
  }
  delete connection;
}

void Client::Impl::take_up(SslContext made) {
  std::vector<Connection> of_before;
  const std::lock_guard lock(mutex);
  context = std::move(made);
  of_before.swap(kept);
}

void Client::Impl::recheck() {
  std::vector<Connection> refused;
  const std::lock_guard lock(mutex);
  for (Connection& connection : kept)
    if (refusal_locked(*connection)) refused.push_back(std::move(connection));
  std::erase(kept, nullptr);
  for (ClientConnection* connection : open_ones)
    if (refusal_locked(*connection)) connection->cut();
}

std::optional<x509::Refusal> Client::Impl::refusal(const ClientConnection& connection) {
  const std::lock_guard lock(mutex);
  return refusal_locked(connection);
}

std::optional<x509::Refusal> Client::Impl::refusal_locked(
    const ClientConnection& connection) const {
  const auto& peer = connection.facts().peer;
  return peer ? policy_of(context.get())->refusal(*peer) : std::nullopt;
}

Result<Client::Impl::Connection> Client::Impl::open(const ClientRequest& request,
                                                    SteadyTime deadline) {
  const SteadyTime connected_by =
      std::min(deadline, std::chrono::steady_clock::now() + options.connect_timeout);
  SslContext begin_with;
  {
    const std::lock_guard lock(mutex);
    begin_with = context;
  }
  auto opened = ClientConnection::open(place, origin.host, begin_with.get(), connected_by,
                                       request.cancel, options.reach);
  if (!opened && opened.error().reason == "timeout" && connected_by < deadline)
    return fail(Code::kUnavailable, "no connection to " + origin.host + " came about in time",
                "connect_failed");
  if (!opened) return std::unexpected(std::move(opened).error());
  Connection connection(opened->release(), {this});
  {
    const std::lock_guard lock(mutex);
    facts = connection->facts();
    open_ones.push_back(connection.get());
  }
  // A recheck during the handshake did not see it yet.
  if (const auto refused = refusal(*connection)) return std::unexpected(peer_refused(*refused));
  return connection;
}

Result<ClientResponse> Client::Impl::run(const ClientRequest& request, const Chunk* chunk) {
  TRY(check(request));
  const auto timeout = request.timeout.count() > 0 ? request.timeout : options.timeout;
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  Connection connection = take_kept();
  const bool was_kept = connection != nullptr;
  if (!connection) {
    TRY_ASSIGN(connection, open(request, deadline));
  }
  bool reusable = false;
  auto response = exchange(*connection, request, chunk, deadline, reusable);
  if (!response && response.error().reason == "connection_closed")
    if (const auto refused = refusal(*connection)) return std::unexpected(peer_refused(*refused));
  if (was_kept && was_closed_idle(request.method, response, reusable, *connection)) {
    TRY_ASSIGN(connection, open(request, deadline));
    response = exchange(*connection, request, chunk, deadline, reusable);
  }
  if (response && reusable) keep(std::move(connection));
  return response;
}

Result<ClientResponse> Client::Impl::exchange(ClientConnection& connection,
                                              const ClientRequest& request, const Chunk* chunk,
                                              SteadyTime deadline, bool& reusable) {
  connection.begin_request(request.cancel);
  const base::WipedString head_text = make_head(request, host);
  // A server that refuses early (413) answers and closes while we still write.
  const Status written = connection.write(head_text, request.body, deadline);
  if (!written && written.error().reason != "connection_closed")
    return std::unexpected(written.error());
  TRY_ASSIGN(ResponseHead head, connection.read_head(deadline));

  ClientResponse response{.status = head.status, .headers = std::move(head.headers), .body = {}};
  const auto collect = [&](std::string_view piece) -> Status {
    response.body.append(piece);
    return {};
  };
  if (has_content(request.method, head.status)) {
    const bool pass_on = chunk != nullptr && head.status >= 200 && head.status < 300;
    const std::size_t limit =
        pass_on ? std::numeric_limits<std::size_t>::max() : options.response_limit;
    TRY(connection.read_body(head, limit, pass_on ? *chunk : Chunk(collect), deadline));
  }
  const bool delimited =
      head.chunked || head.content_length || !has_content(request.method, head.status);
  reusable = written && head.keep_alive && delimited;
  return response;
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::create(Url origin, Options options) {
  auto impl = std::make_unique<Impl>();
  if (origin.scheme != "https" && origin.scheme != "http")
    return fail(Code::kInvalidArgument, "the scheme is neither https nor http");
  if (options.mutual && (origin.scheme != "https" || !options.ca_pem.empty()))
    return fail(Code::kInvalidArgument, "mutual TLS is for https, and has its own roots");
  if (options.mutual) {
    TRY_ASSIGN(impl->context, make_mutual_context(*options.mutual, options.groups));
    options.mutual.reset();
  } else if (origin.scheme == "https") {
    TRY_ASSIGN(impl->context, make_client_context(options.ca_pem, options.groups));
  }
  impl->host = host_of(origin);
  impl->place = origin;
  if (!options.address.empty()) impl->place.host = options.address;
  impl->origin = std::move(origin);
  impl->options = std::move(options);
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Result<ClientResponse> Client::send(const ClientRequest& request) {
  return impl_->run(request, nullptr);
}

Result<ClientResponse> Client::stream(const ClientRequest& request,
                                      const std::function<Status(std::string_view)>& chunk) {
  return impl_->run(request, &chunk);
}

Status Client::reload_tls(MutualTls mutual) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (!policy_of(impl_->context.get()))
      return fail(Code::kInvalidArgument, "this client does not take part in mutual TLS");
  }
  TRY_ASSIGN(SslContext context, make_mutual_context(mutual, impl_->options.groups));
  impl_->take_up(std::move(context));
  return {};
}

void Client::recheck() { impl_->recheck(); }

TlsFacts Client::tls_facts() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->facts;
}

}  // namespace quantumapi::http
