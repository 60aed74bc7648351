// The audit log.
#include "quantumapi/audit.h"

#include "client/transport.h"
#include "client/wire.h"

namespace quantumapi::sdk {
namespace {

// An exported line holds one record; a longer one is no export of ours.
constexpr std::size_t kLongestLine = 4 * 1024 * 1024;

AuditEntry entry_of(const wire::AuditEntry& in) {
  AuditEntry out;
  out.id = in.id;
  out.timestamp = in.timestamp;
  out.action = in.action;
  out.category = in.category;
  out.actor = in.actor.value_or("");
  out.actor_type = in.actor_type.value_or("");
  out.resource_type = in.resource_type.value_or("");
  out.resource_id = in.resource_id.value_or("");
  out.resource_name = in.resource_name.value_or("");
  out.outcome = in.outcome.value_or("");
  out.error = in.error.value_or("");
  out.ip_address = in.ip_address.value_or("");
  return out;
}

// Lines cuts chunks at their newlines.
class Lines {
 public:
  explicit Lines(const std::function<bool(std::string_view)>& line) : line_(line) {}

  base::Status take(std::string_view chunk) {
    for (;;) {
      const std::size_t end = chunk.find('\n');
      if (held_.size() + std::min(end, chunk.size()) > kLongestLine)
        return base::fail(base::Code::kInternal, "a line of the export is longer than 4 MiB");
      held_ += chunk.substr(0, end);
      if (end == std::string_view::npos) return {};
      chunk.remove_prefix(end + 1);
      TRY(give());
    }
  }
  // finish gives a last line that has no newline.
  base::Status finish() { return held_.empty() ? base::Status() : give(); }
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  base::Status give() {
    stopped_ = !line_(held_);
    held_.clear();
    if (stopped_) return base::fail(base::Code::kInternal, "the caller stopped the export");
    return {};
  }

  const std::function<bool(std::string_view)>& line_;
  std::string held_;
  bool stopped_ = false;
};

std::string on_log(std::string_view path, AuditLog log) {
  return std::string(path) + (log == AuditLog::kPlatform ? "?log=platform" : "");
}

}  // namespace

Result<AuditPage> Audit::list(const AuditQuery& query) const {
  QueryText text;
  text.add("page", query.page);
  text.add("pageSize", query.page_size);
  text.add("category", query.category);
  text.add("action", query.action);
  text.add("actor", query.actor);
  text.add("keyId", query.key_id);
  text.add("from", query.from);
  text.add("to", query.to);
  if (query.log == AuditLog::kPlatform) text.add("log", "platform");
  TRY_ASSIGN(std::string path, text.on("/api/v1/audit-logs"));
  Transport::AnswerPointer answer;
  TRY_ASSIGN(const auto found, transport_->get<wire::AuditPage>(std::move(path), call_, answer));
  AuditPage page;
  for (const wire::AuditEntry& entry : found.items) page.items.push_back(entry_of(entry));
  page.total = found.total_count;
  return page;
}

Result<void> Audit::export_lines(const std::function<bool(std::string_view)>& line,
                                 const AuditExport& part) const {
  Lines lines(line);
  QueryText text;
  if (part.from_index > 0) text.add("fromIndex", static_cast<std::int64_t>(part.from_index));
  if (!part.log_id.empty())
    text.add("log", part.log_id);
  else if (part.log == AuditLog::kPlatform)
    text.add("log", "platform");
  TRY_ASSIGN(std::string path, text.on("/api/v1/audit-logs/export"));
  const auto response = transport_->stream(
      {.path = std::move(path)}, call_, [&](std::string_view chunk) { return lines.take(chunk); });
  if (lines.stopped()) return {};
  if (!response) return std::unexpected(response.error());
  if (const auto last = lines.finish(); !last && !lines.stopped())
    return std::unexpected(error_of(last.error()));
  return {};
}

Result<std::string> Audit::public_key(AuditLog log) const {
  TRY_ASSIGN(
      const auto answer,
      transport_->send(
          {.path = on_log("/api/v1/audit-logs/public-key", log), .effect = Effect::kNone}, call_));
  return std::string(answer->body());
}

}  // namespace quantumapi::sdk
