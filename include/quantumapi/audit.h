// quantumapi::sdk::Audit: the tenant's audit log.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/export.h"
#include "quantumapi/result.h"

namespace quantumapi::sdk {

// AuditEntry is one event. outcome is success, failure or denied, actor_type apiKey or another that
// acted, timestamp RFC 3339.
struct AuditEntry {
  std::string id, timestamp, action, category, actor, actor_type, resource_type, resource_id,
      resource_name, outcome, error, ip_address;
};

// AuditPage is a part of the list, newest first.
struct AuditPage {
  std::vector<AuditEntry> items;
  std::int64_t total = 0;
};

// AuditLog says whose events: the tenant's, or those of no tenant (failed
// authentications, what is done on the host), which owners of the first tenant read.
enum class AuditLog : std::uint8_t { kTenant, kPlatform };

// AuditQuery narrows the list; what is empty does not. `from` and `to` are RFC 3339.
struct AuditQuery {
  std::string category, action, actor, key_id, from, to;
  std::int64_t page = 1, page_size = 50;
  AuditLog log = AuditLog::kTenant;
};

// AuditExport is a part of one log.
struct AuditExport {
  AuditLog log = AuditLog::kTenant;
  std::string log_id;            // of a log that a restore closed; empty: the open one
  std::uint64_t from_index = 0;  // the part begins with the group of 256 that holds this record
};

// Audit is Client::audit().
class QUANTUMAPI_EXPORT Audit {
 public:
  // list gives one page, up to 200 entries.
  [[nodiscard]] Result<AuditPage> list(const AuditQuery& query) const;
  // export_lines gives each NDJSON line to `line` until it answers false. Hashes stand for the
  // groups before the part.
  [[nodiscard]] Result<void> export_lines(const std::function<bool(std::string_view)>& line,
                                          const AuditExport& part = {}) const;
  // public_key is what checkpoints are verified with, PEM.
  [[nodiscard]] Result<std::string> public_key(AuditLog log = AuditLog::kTenant) const;

  // Made by Client::audit.
  Audit(Transport& transport, Call call) : transport_(&transport), call_(std::move(call)) {}

 private:
  Transport* transport_;
  Call call_;
};

}  // namespace quantumapi::sdk
