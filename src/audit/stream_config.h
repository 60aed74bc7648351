// StreamConfig: what a log stream's configJson says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/secret_bytes.h"
#include "http/client.h"

namespace quantumapi::audit {

inline constexpr std::string_view kStreamMask = "********";  // shown in place of a secret

enum class StreamType : std::uint8_t { kWebhook, kDatadog, kSplunk, kFile };
// parse_stream_type takes the contract's spelling in any case.
Result<StreamType> parse_stream_type(std::string_view text);
std::string_view to_string(StreamType type);

// StreamConfig views the arena that it was parsed in. Which members a type takes:
//   Webhook  url, secret (HMAC key, optional), format ("ndjson" | "json"), caPem
//   Splunk   url, token, index, source, caPem
//   Datadog  apiKey, site ("datadoghq.eu") or url, service, tags, caPem
//   File     retentionDays (7 | 30 | 365)
// and each of them categories; none stands for all. A url may have a query, and secrets in it.
struct StreamConfig {
  std::optional<std::string_view> url;
  std::optional<std::string_view> secret;
  std::optional<std::string_view> format;
  std::optional<std::string_view> token;
  std::optional<std::string_view> index;
  std::optional<std::string_view> source;
  std::optional<std::string_view> api_key;
  std::optional<std::string_view> site;
  std::optional<std::string_view> service;
  std::optional<std::string_view> tags;
  std::optional<std::string_view> ca_pem;
  std::optional<std::int64_t> retention_days;
  std::optional<std::vector<std::string>> categories;

  // wants is true for events of a category that the stream sends.
  bool wants(std::string_view category) const;
};
BOOST_DESCRIBE_STRUCT(StreamConfig, (),
                      (url, secret, format, token, index, source, api_key, site, service, tags,
                       ca_pem, retention_days, categories))

// FormerStream is what a stream was before a change.
struct FormerStream {
  StreamType type;
  const StreamConfig& config;
};

// is_blank is true for a configJson that says nothing.
bool is_blank(std::string_view text);
// parse_stream_config reads and checks a configJson; blank is a File stream's
// default (30 days). With `former`, a masked secret stands for the former one; a token or a key
// goes to its former receiver alone: where the address or the roots change it is given again.
// kInvalidArgument names the member, "configJson.url".
Result<StreamConfig> parse_stream_config(StreamType type, std::string_view text, http::Reach reach,
                                         const FormerStream* former,
                                         std::pmr::memory_resource& arena);

// config_text is the JSON text of a config, in the arena of its caller.
std::pmr::string config_text(const StreamConfig& config, std::pmr::memory_resource& arena);
// masked is the config with its secrets masked, and the query of its address; what it views is
// in the arena.
StreamConfig masked(StreamConfig config, std::pmr::memory_resource& arena);

// endpoint_of is the whole address that a stream posts to; empty for files.
std::string endpoint_of(StreamType type, const StreamConfig& config);

}  // namespace quantumapi::audit
