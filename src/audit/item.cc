#include "audit/item.h"

#include "audit/personal_opener.h"
#include "audit/record.h"

namespace quantumapi::audit {
namespace {

std::optional<std::string> if_any(std::string text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

// verdict_of: a verification succeeds, or fails for the one reason that the
// signature is wrong; any other failure says nothing about it.
std::optional<bool> verdict_of(const RecordView& record) {
  if (!record.action.ends_with(".verify")) return std::nullopt;
  if (record.outcome == "success") return true;
  if (record.error == "invalid_signature") return false;
  return std::nullopt;
}

}  // namespace

Result<AuditItem> item_of(const Uuid& id, std::optional<std::uint64_t> index, std::string_view text,
                          const keyring::Personal& personal) {
  TRY_ASSIGN(const RecordView record, RecordView::parse(text));
  AuditItem item;
  item.id = id;
  item.timestamp = record.time;
  item.action = unescape(record.action);
  item.category = unescape(record.category);
  item.actor = actor_name(record, personal);
  item.actor_type = unescape(record.actor_type);
  item.resource_type = unescape(record.resource_type);
  item.resource_id = record.resource;
  item.outcome = record.outcome;
  item.request_id = record.request;
  item.resource_name = if_any(unescape(record.resource_name));
  item.valid = verdict_of(record);
  item.error = if_any(unescape(record.error));
  item.algorithm = if_any(unescape(record.algorithm));
  item.key_version = record.key_version;
  item.channel = if_any(unescape(record.channel));
  item.ip_address = if_any(personal.address);
  item.user_agent = if_any(personal.user_agent);
  item.batch_size = record.batch_size;
  item.failed_items = record.failed_items;
  if (index) item.index = static_cast<std::int64_t>(*index);
  return item;
}

}  // namespace quantumapi::audit
