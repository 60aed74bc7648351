#include "audit/stream_config.h"

#include <algorithm>
#include <array>

#include "audit/categories.h"
#include "base/json_request.h"
#include "http/address_range.h"

namespace quantumapi::audit {
namespace {

constexpr std::size_t kMaxConfig = 16 * 1024;
constexpr std::size_t kMaxText = 1'000;
constexpr std::int64_t kUsualRetention = 30;

constexpr std::array<std::string_view, 4> kTypes{"Webhook", "Datadog", "Splunk", "File"};

using Text = std::optional<std::string_view>;

std::unexpected<Error> bad(std::string_view member, std::string message) {
  return base::fail_field("configJson." + std::string(member), std::move(message));
}

// Masks puts the former secrets in the place of masks.
class Masks {
 public:
  Masks(StreamType type, const StreamConfig& now, const FormerStream* former)
      : former_(former), same_receiver_(former != nullptr && goes_to(type, now, *former)) {}

  Status resolve(Text& now, Text StreamConfig::* secret, std::string_view member) const {
    if (now && now->empty()) now.reset();
    if (now != kStreamMask) return {};
    if (former_ == nullptr || !(former_->config.*secret))
      return bad(member, "is masked, and there is no former one");
    now = former_->config.*secret;
    return {};
  }
  // resolve_sent is resolve for what is sent to the receiver as it is.
  Status resolve_sent(Text& now, Text StreamConfig::* secret, std::string_view member) const {
    const bool is_masked = now == kStreamMask;
    TRY(resolve(now, secret, member));
    if (!is_masked || same_receiver_) return {};
    return bad(member, "is masked: give it again where the receiver or its roots change");
  }

 private:
  static bool goes_to(StreamType type, const StreamConfig& now, const FormerStream& former) {
    return type == former.type && now.ca_pem == former.config.ca_pem &&
           endpoint_of(type, now) == endpoint_of(type, former.config);
  }

  const FormerStream* former_;
  bool same_receiver_;
};

// query_of is "?" and what stands behind it.
std::string_view query_of(std::string_view url) {
  const std::size_t at = url.find('?');
  return at == std::string_view::npos ? std::string_view() : url.substr(at);
}

// resolve_query puts the former query, which may hold a secret, in the place of its mask; it goes
// to its former receiver alone.
Status resolve_query(StreamType type, StreamConfig& now, const FormerStream* former) {
  if (!now.url || query_of(*now.url) != "?" + std::string(kStreamMask)) return {};
  const Text before = former == nullptr ? Text() : former->config.url;
  if (!before || query_of(*before).empty())
    return bad("url", "its query is masked, and there is no former one");
  const bool same = type == former->type && now.ca_pem == former->config.ca_pem &&
                    now.url->substr(0, now.url->find('?')) == before->substr(0, before->find('?'));
  if (!same)
    return bad("url", "its query is masked: give it again where the receiver or its roots change");
  now.url = before;
  return {};
}

// A header carries it: visible ASCII without spaces.
Status require_token(const Text& token, std::string_view member) {
  if (!token) return bad(member, "is required");
  const bool visible = std::ranges::all_of(*token, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!visible || token->size() > kMaxText) return bad(member, "is not a usable token");
  return {};
}

// is_query: what RFC 3986 section 3.4 lets stand in one.
bool is_query(std::string_view query) {
  return std::ranges::all_of(query, [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string::npos;
  });
}

Status check_endpoint(StreamType type, const StreamConfig& config, http::Reach reach) {
  const std::string_view member = config.url ? "url" : "site";
  const auto of_host = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  if (!config.url && config.site && !std::ranges::all_of(*config.site, of_host))
    return bad(member, "is the name of a Datadog site, such as datadoghq.eu");
  if (type != StreamType::kDatadog && !config.url) return bad("url", "is required");
  const std::string whole = endpoint_of(type, config);
  if (whole.contains('#')) return bad(member, "a fragment is not part of an address");
  const std::string_view query = query_of(whole);
  const auto url = http::Url::parse(std::string_view(whole).substr(0, whole.size() - query.size()));
  if (!url) return bad(member, url.error().message);
  if (!is_query(query)) return bad(member, "its query holds characters that need encoding");
  // The client refuses this too, but only when it connects.
  if (url->scheme == "http" && !http::is_loopback_host(url->host))
    return bad(member, "is plain http to another host than this one");
  if (reach == http::Reach::kOtherHosts && http::is_near_host(url->host))
    return bad(member, "stands for this host or its link, which the first tenant alone reaches");
  const auto client =
      http::Client::create(*url, {.ca_pem = std::string(config.ca_pem.value_or(""))});
  if (!client) return bad(config.ca_pem ? "caPem" : member, client.error().message);
  return {};
}

// check_categories: a misspelt one would be a stream that never sends.
Status check_categories(const StreamConfig& config) {
  if (config.categories && config.categories->empty())
    return bad("categories", "is empty; leave it out for all");
  for (const std::string& category : config.categories.value_or(std::vector<std::string>()))
    if (!is_category(category)) return bad("categories", "are of " + all_categories());
  return {};
}

Status check(StreamType type, StreamConfig& config, http::Reach reach) {
  TRY(check_categories(config));
  if (type == StreamType::kFile) {
    const std::int64_t days = config.retention_days.value_or(kUsualRetention);
    config.retention_days = days;
    if (days != 7 && days != 30 && days != 365)
      return bad("retentionDays", "is none of 7, 30 and 365");
    return {};
  }
  for (const Text& text : {config.index, config.source, config.service, config.tags})
    if (text && text->size() > kMaxText) return bad("", "has a text over 1000 characters");
  if (config.format && config.format != "ndjson" && config.format != "json")
    return bad("format", "is neither ndjson nor json");
  if (type == StreamType::kSplunk) TRY(require_token(config.token, "token"));
  if (type == StreamType::kDatadog) TRY(require_token(config.api_key, "apiKey"));
  return check_endpoint(type, config, reach);
}

}  // namespace

Result<StreamType> parse_stream_type(std::string_view text) {
  const std::string folded = json::fold(text);
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    if (json::fold(kTypes[i]) == folded) return static_cast<StreamType>(i);
  return base::fail_field("streamType", "is none of Webhook, Datadog, Splunk and File");
}

std::string_view to_string(StreamType type) { return kTypes[static_cast<std::size_t>(type)]; }

bool StreamConfig::wants(std::string_view category) const {
  return !categories || categories->empty() ||
         std::ranges::find(*categories, category) != categories->end();
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Result<StreamConfig> parse_stream_config(StreamType type, std::string_view text, http::Reach reach,
                                         const FormerStream* former,
                                         std::pmr::memory_resource& arena) {
  if (text.size() > kMaxConfig)
    return base::fail_field("configJson", "is longer than 16384 octets");
  if (is_blank(text)) text = {};
  // A misspelt member would be a bound that does not hold, or a webhook that is not signed.
  auto config = json::decode_request<StreamConfig>(text, arena);
  if (!config) {
    if (config.error().fields.empty())
      return base::fail_field("configJson", "is not the text of a JSON object");
    return bad(config.error().fields[0].field, config.error().fields[0].message);
  }
  TRY(resolve_query(type, *config, former));
  const Masks masks(type, *config, former);
  TRY(masks.resolve(config->secret, &StreamConfig::secret, "secret"));
  TRY(masks.resolve_sent(config->token, &StreamConfig::token, "token"));
  TRY(masks.resolve_sent(config->api_key, &StreamConfig::api_key, "apiKey"));
  TRY(check(type, *config, reach));
  return config;
}

std::pmr::string config_text(const StreamConfig& config, std::pmr::memory_resource& arena) {
  std::pmr::string text(&arena);
  json::Writer writer(text, json::Naming::kCamel);
  json::encode(writer, config);
  return text;
}

StreamConfig masked(StreamConfig config, std::pmr::memory_resource& arena) {
  if (config.url && !query_of(*config.url).empty()) {
    const std::string shown =
        std::string(config.url->substr(0, config.url->find('?') + 1)) + std::string(kStreamMask);
    char* const copy = static_cast<char*>(arena.allocate(shown.size(), 1));
    std::ranges::copy(shown, copy);
    config.url = std::string_view(copy, shown.size());
  }
  for (Text* secret : {&config.secret, &config.token, &config.api_key})
    if (*secret) *secret = kStreamMask;
  return config;
}

std::string endpoint_of(StreamType type, const StreamConfig& config) {
  std::string url(config.url.value_or(std::string_view()));
  const std::string query(query_of(url));
  url.resize(url.size() - query.size());
  const auto with_path = [&](std::string_view path) {
    while (url.ends_with('/')) url.pop_back();
    const std::size_t host = url.find("://");
    const bool has_path = host != std::string::npos && url.find('/', host + 3) != std::string::npos;
    return (has_path ? url : url + std::string(path)) + query;
  };
  switch (type) {
    case StreamType::kFile:
      return {};
    case StreamType::kWebhook:
      return url + query;
    case StreamType::kSplunk:
      return with_path("/services/collector");
    case StreamType::kDatadog:
      if (url.empty())
        url = "https://http-intake.logs." + std::string(config.site.value_or("datadoghq.com"));
      return with_path("/api/v2/logs");
  }
  return {};
}

}  // namespace quantumapi::audit
