// StreamReceiver: sends batches of events to the receiver of one log stream.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "audit/stream_config.h"
#include "base/clock.h"
#include "http/client.h"

namespace quantumapi::audit {

// StreamEvent is one event on its way: `json` is an AuditItem on one line.
struct StreamEvent {
  std::uint64_t index = 0;
  WallTime time;
  std::string json;
};

// StreamReceiver posts over verified TLS; plain http goes to loopback only.
// Receivers in private address ranges are reached like any other: who may make
// streams (admins, owners) may have the server post to its own network. This host
// and its link are for the first tenant alone (http::Reach). Redirects are not followed.
//   Webhook  NDJSON or a JSON array, with X-QuantumAPI-Timestamp (Unix seconds)
//            and, where the config has a secret, X-QuantumAPI-Signature:
//            "v1=" + hex HMAC-SHA256(secret, timestamp "." body)
//   Splunk   HTTP Event Collector, Authorization: Splunk TOKEN
//   Datadog  logs API v2, DD-API-KEY
class StreamReceiver {
 public:
  static Result<std::unique_ptr<StreamReceiver>> create(StreamType type, const StreamConfig& config,
                                                        http::Reach reach);
  // deliver gives up after ten seconds, or once `cancel` is stopped. kUnavailable says what the
  // receiver did instead of taking the batch; no secret is in the message.
  Status deliver(const StreamConfig& config, std::span<const StreamEvent> events, WallTime now,
                 std::stop_token cancel = {});

 private:
  StreamReceiver(StreamType type, std::string target, std::unique_ptr<http::Client> client)
      : type_(type), target_(std::move(target)), client_(std::move(client)) {}

  StreamType type_;
  std::string target_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace quantumapi::audit
