// AuditEvent: one thing that happened, as every floor reports it, and its
// record.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"

namespace quantumapi::base {

enum class Outcome : std::uint8_t { kSuccess, kFailure, kDenied };
std::string_view to_string(Outcome outcome);  // "success" | "failure" | "denied"

// Actor is who did it, as the record names them: ids in clear, personal data
// (label, address, user agent) only as `personal`, sealed under the
// principal's own key, so that destroying that key erases the person and the
// tree still verifies.
struct Actor {
  std::string_view type = "anonymous";  // "apiKey" | "user" | "system" | "anonymous"
  Uuid account;                         // service account or user; nil for anonymous
  Uuid api_key;                         // nil where none was used
  Bytes personal;                       // keyring/personal.h; empty when there is none
};

// AuditEvent never holds a value, a plaintext or a key. Views point to
// constants or to memory that outlives the request.
struct AuditEvent {
  TenantId tenant;  // nil: the platform's own log
  WallTime time;
  RequestId request;
  std::string_view action;    // "secret.read": constants of the product
  std::string_view category;  // "secrets" | "keys" | "encryption" | "access" |
                              // "audit" | "entropy" | "platform"
  Actor actor;
  std::string_view resource_type = "none";
  Uuid resource;              // nil where there is none
  std::string resource_name;  // empty: not stated
  Outcome outcome = Outcome::kSuccess;
  std::string error;             // wire code of the refusal; empty on success
  std::string_view algorithm{};  // "ML-KEM-768"
  std::string_view channel{};    // "eaas" | "transit"
  std::optional<std::uint32_t> key_version{};
  std::optional<std::uint32_t> batch_size{};
  std::optional<std::uint32_t> failed_items{};
};

// encode_record appends the event's record: a JSON object in the canonical form
// of RFC 8785 (members sorted by name, no white space), the exact octets that
// the audit tree hashes. Format and vectors: docs/formats.md, "Audit record".
void encode_record(const AuditEvent& event, std::string& out);

}  // namespace quantumapi::base

namespace quantumapi {
using base::AuditEvent;
using base::Outcome;
}  // namespace quantumapi
