#include "audit/stream_receiver.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace quantumapi::audit {
namespace {

constexpr std::chrono::milliseconds kConnectIn{3'000};
constexpr std::chrono::milliseconds kAnswerIn{10'000};
constexpr std::size_t kMaxAnswer = 64 * 1024;

std::string joined(std::span<const StreamEvent> events, std::string_view open,
                   std::string_view between, std::string_view close) {
  std::string body(open);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) body += between;
    body += events[i].json;
  }
  body += close;
  return body;
}

void add_member(json::Writer& out, std::string_view name,
                const std::optional<std::string_view>& text) {
  if (!text) return;
  out.key(name);
  out.string(*text);
}

std::string splunk_body(const StreamConfig& config, std::span<const StreamEvent> events) {
  std::pmr::string body;
  for (const StreamEvent& event : events) {
    json::Writer out(body, json::Naming::kCamel);
    out.begin_object();
    out.key("time");
    out.raw(fmt::format("{}.{:06}", event.time.micros / 1'000'000, event.time.micros % 1'000'000));
    add_member(out, "index", config.index);
    add_member(out, "source", config.source.value_or("quantumapi"));
    add_member(out, "sourcetype", "quantumapi:audit");
    out.key("event");
    out.raw(event.json);
    out.end_object();
    body += '\n';
  }
  return std::string(body);
}

std::string datadog_body(const StreamConfig& config, std::span<const StreamEvent> events) {
  std::pmr::string body;
  json::Writer out(body, json::Naming::kCamel);
  out.begin_array();
  for (const StreamEvent& event : events) {
    out.begin_object();
    add_member(out, "ddsource", "quantumapi");
    add_member(out, "ddtags", config.tags);
    add_member(out, "service", config.service.value_or("quantumapi"));
    add_member(out, "message", event.json);
    out.end_object();
  }
  out.end_array();
  return std::string(body);
}

// sign_webhook: the timestamp is signed too, so that a receiver can refuse old posts.
void sign_webhook(const StreamConfig& config, WallTime now, http::ClientRequest& request) {
  const std::string time = std::to_string(now.seconds());
  request.headers.emplace_back("X-QuantumAPI-Timestamp", time);
  if (!config.secret) return;
  const auto mac = crypto::hmac_sha256(as_bytes(*config.secret),
                                       {as_bytes(time), as_bytes("."), as_bytes(request.body)});
  request.headers.emplace_back("X-QuantumAPI-Signature", "v1=" + base::to_hex(mac));
}

std::unexpected<Error> refused(std::string message) {
  return fail(Code::kUnavailable, std::move(message), "receiver_failed");
}

// A proxy or a login page answers 200 too: Splunk's own success has code 0.
Status check_splunk(std::string_view answer) {
  std::pmr::monotonic_buffer_resource arena;
  const auto parsed = json::parse(answer, arena);
  const json::Value* code = parsed ? parsed->find("code") : nullptr;
  if (code == nullptr || code->kind != json::Value::Kind::kInt || code->integer != 0)
    return refused("the receiver's answer is not the success of a Splunk collector");
  return {};
}

}  // namespace

Result<std::unique_ptr<StreamReceiver>> StreamReceiver::create(StreamType type,
                                                               const StreamConfig& config,
                                                               http::Reach reach) {
  const std::string whole = endpoint_of(type, config);
  const std::size_t path_end = std::min(whole.find('?'), whole.size());
  TRY_ASSIGN(auto url, http::Url::parse(std::string_view(whole).substr(0, path_end)));
  const std::string target = (url.path.empty() ? "/" : url.path) + whole.substr(path_end);
  http::Client::Options options;
  options.ca_pem = config.ca_pem.value_or(std::string_view());
  options.connect_timeout = kConnectIn;
  options.timeout = kAnswerIn;
  options.response_limit = kMaxAnswer;
  options.reach = reach;
  TRY_ASSIGN(auto client, http::Client::create(std::move(url), std::move(options)));
  return std::unique_ptr<StreamReceiver>(new StreamReceiver(type, target, std::move(client)));
}

Status StreamReceiver::deliver(const StreamConfig& config, std::span<const StreamEvent> events,
                               WallTime now, std::stop_token cancel) {
  http::ClientRequest request;
  request.cancel = std::move(cancel);
  request.method = http::Method::kPost;
  request.target = target_;
  std::string body;
  if (type_ == StreamType::kSplunk) {
    body = splunk_body(config, events);
    request.headers.emplace_back("Authorization", "Splunk " + std::string(*config.token));
  } else if (type_ == StreamType::kDatadog) {
    body = datadog_body(config, events);
    request.headers.emplace_back("DD-API-KEY", std::string(*config.api_key));
  } else if (config.format == "json") {
    body = joined(events, "[", ",", "]");
  } else {
    body = joined(events, "", "\n", "\n");
    request.content_type = "application/x-ndjson";
  }
  request.body = body;
  if (type_ == StreamType::kWebhook) sign_webhook(config, now, request);
  const auto answer = client_->send(request);
  for (auto& [name, value] : request.headers) base::wipe(value.data(), value.size());
  if (!answer) return refused(answer.error().message);
  if (answer->status < 200 || answer->status > 299)
    return refused(fmt::format("the receiver answered {}", answer->status));
  if (type_ == StreamType::kSplunk) return check_splunk(answer->body);
  return {};
}

}  // namespace quantumapi::audit
