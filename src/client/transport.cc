#include "client/transport.h"

#include <algorithm>

#include "client/backoff.h"

namespace quantumapi::sdk {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{100};
constexpr milliseconds kLongestWait{2'000};

// wipe_headers overwrites the copy of the key that travelled with a request.
void wipe_headers(http::ClientRequest& request) {
  for (auto& [name, value] : request.headers) base::wipe(value.data(), value.size());
}

// may_repeat: was the request without an effect, or certainly not acted upon?
bool may_repeat(Effect effect, const Error& error) {
  if (error.kind == Kind::kRateLimited || error.code == "connect_failed") return true;
  return effect == Effect::kNone && error.kind == Kind::kUnavailable && error.code != "timeout";
}

}  // namespace

bool is_uuid(std::string_view text) { return Uuid::parse(text).has_value(); }

Result<std::unique_ptr<Transport>> Transport::create(Options options) {
  TRY_ASSIGN(auto address, parse_address(options.url));
  if (options.timeout.count() <= 0) return invalid_option("timeout", "is more than nothing");
  if (options.max_retries < 0) return invalid_option("max_retries", "must not be negative");
  http::Client::Options settings;
  settings.ca_pem = std::move(options.ca_pem);
  settings.timeout = bounded(options.timeout);
  settings.connect_timeout = std::min(settings.connect_timeout, options.timeout);
  auto http = http::Client::create(std::move(address.origin), std::move(settings));
  if (!http) return std::unexpected(error_of(http.error()));
  std::unique_ptr<Transport> transport(new Transport());
  transport->http_ = *std::move(http);
  transport->prefix_ = std::move(address.prefix);
  transport->key_ = std::move(options.api_key);
  transport->timeout_ = bounded(options.timeout);
  transport->max_retries_ = options.max_retries;
  return transport;
}

http::ClientRequest Transport::prepare(const Request& request, const Call& call) const {
  http::ClientRequest made;
  made.method = request.method;
  made.target = prefix_ + request.path;
  made.headers = request.headers;
  made.headers.emplace_back("Accept", "application/json");
  if (!key_.empty()) made.headers.emplace_back("X-Api-Key", key_.reveal());
  made.body = request.body;
  made.timeout = call.timeout.count() > 0 ? bounded(call.timeout) : timeout_;
  made.cancel = call.cancel;
  return made;
}

Result<http::ClientResponse> Transport::once(const http::ClientRequest& request) {
  auto response = http_->send(request);
  if (!response) return std::unexpected(error_of(response.error()));
  if (response->status < 200 || response->status > 299) return std::unexpected(error_of(*response));
  return *std::move(response);
}

Result<Transport::AnswerPointer> Transport::send(Request request, const Call& call) {
  TRY(check_time(call));
  http::ClientRequest sent = prepare(request, call);
  const auto deadline = std::chrono::steady_clock::now() + sent.timeout;
  Backoff backoff(kFirstWait, kLongestWait);
  auto response = once(sent);
  for (int retries = 0; !response && retries < max_retries_; ++retries) {
    if (!may_repeat(request.effect, response.error())) break;
    const milliseconds wait = std::max<milliseconds>(backoff.next(), response.error().retry_after);
    const auto left = std::chrono::floor<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (wait >= left) break;
    if (!pause(wait, call.cancel)) {
      response = cancelled();
      break;
    }
    sent.timeout = left - wait;
    response = once(sent);
  }
  wipe_headers(sent);
  if (!response) return std::unexpected(std::move(response).error());
  auto answer = std::make_unique<Answer>();
  answer->response = *std::move(response);
  return answer;
}

Result<http::ClientResponse> Transport::stream(
    const Request& request, const Call& call,
    const std::function<base::Status(std::string_view)>& chunk) {
  TRY(check_time(call));
  auto sent = prepare(request, call);
  auto response = http_->stream(sent, chunk);
  wipe_headers(sent);
  if (!response) return std::unexpected(error_of(response.error()));
  if (response->status < 200 || response->status > 299) return std::unexpected(error_of(*response));
  return *std::move(response);
}

}  // namespace quantumapi::sdk
