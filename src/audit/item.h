// AuditItem: an event as clients see it, in lists and in log streams alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json_schema.h"
#include "keyring/personal.h"

namespace quantumapi::audit {

struct AuditItem {
  Uuid id;
  std::string timestamp;
  std::string action;
  std::string category;
  std::string actor;
  std::string actor_type;
  std::string resource_type;
  std::string resource_id;
  std::string outcome;
  std::string request_id;
  std::optional<std::string> resource_name;
  std::optional<bool> valid;  // of a verification that ran: what it found
  std::optional<std::string> error;
  std::optional<std::string> algorithm;
  std::optional<std::int64_t> key_version;
  std::optional<std::string> channel;
  std::optional<std::string> ip_address;
  std::optional<std::string> user_agent;
  std::optional<std::int64_t> batch_size;
  std::optional<std::int64_t> failed_items;
  std::optional<std::int64_t> index;  // absent while the event waits for the sequencer
};
BOOST_DESCRIBE_STRUCT(AuditItem, (),
                      (id, timestamp, action, category, actor, actor_type, resource_type,
                       resource_id, outcome, request_id, resource_name, valid, error, algorithm,
                       key_version, channel, ip_address, user_agent, batch_size, failed_items,
                       index))
constexpr auto schema_facts(const AuditItem*) {
  return std::to_array<json::Fact>({
      {"timestamp", R"("format":"date-time")"},
      {"resource_id", R"("format":"uuid")"},
      {"request_id", R"("format":"uuid")"},
      {"outcome", R"("enum":["success","failure","denied"])"},
  });
}

// item_of reads a canonical record. kDataLoss when it is malformed.
Result<AuditItem> item_of(const Uuid& id, std::optional<std::uint64_t> index,
                          std::string_view record, const keyring::Personal& personal);

}  // namespace quantumapi::audit
