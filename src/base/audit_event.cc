#include "base/audit_event.h"

#include <charconv>

#include "base/encoding.h"
#include "base/json_escape.h"

namespace quantumapi::base {
namespace {

constexpr int kRecordVersion = 1;

// RecordWriter appends the members of a canonical object. The caller gives
// them in the order of their names (RFC 8785 section 3.2.3); names need no
// escaping.
class RecordWriter {
 public:
  explicit RecordWriter(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view value) {
    key(name);
    json::detail::append_string(out_, value);
  }
  void text_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void id(std::string_view name, const Uuid& value) {
    key(name);
    fixed<Uuid::kTextSize>(value);
  }
  void time(std::string_view name, WallTime value) {
    key(name);
    fixed<WallTime::kTextSize>(value);
  }
  void number_if_any(std::string_view name, std::optional<std::uint32_t> value) {
    if (!value) return;
    key(name);
    char digits[10];
    const auto end = std::to_chars(digits, digits + sizeof digits, *value).ptr;
    out_.append(digits, static_cast<std::size_t>(end - digits));
  }
  void octets_if_any(std::string_view name, ByteView value) {
    if (value.empty()) return;
    key(name);
    out_ += '"';
    const std::size_t at = out_.size();
    out_.resize(at + base64_size(value.size(), Base64::kStandard));
    base64_encode_to(value, Base64::kStandard, out_.data() + at);
    out_ += '"';
  }

 private:
  void key(std::string_view name) {
    out_ += separator_;
    separator_ = ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }
  template <std::size_t size, typename T>
  void fixed(const T& value) {
    char quoted[size + 2];
    quoted[0] = '"';
    *value.write_to(quoted + 1) = '"';
    out_.append(quoted, sizeof quoted);
  }

  std::string& out_;
  char separator_ = '{';
};

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSuccess:
      return "success";
    case Outcome::kFailure:
      return "failure";
    case Outcome::kDenied:
      return "denied";
  }
  return "failure";
}

void encode_record(const AuditEvent& event, std::string& out) {
  out.reserve(out.size() + 512 + base64_size(event.actor.personal.size(), Base64::kStandard));
  RecordWriter record(out);
  record.id("account", event.actor.account);
  record.text("action", event.action);
  record.text("actorType", event.actor.type);
  record.text_if_any("algorithm", event.algorithm);
  if (!event.actor.api_key.is_nil()) record.id("apiKey", event.actor.api_key);
  record.number_if_any("batchSize", event.batch_size);
  record.text("category", event.category);
  record.text_if_any("channel", event.channel);
  record.text_if_any("error", event.error);
  record.number_if_any("failedItems", event.failed_items);
  record.number_if_any("keyVersion", event.key_version);
  record.text("outcome", to_string(event.outcome));
  record.octets_if_any("personal", event.actor.personal);
  record.id("request", event.request.uuid);
  record.id("resource", event.resource);
  record.text_if_any("resourceName", event.resource_name);
  record.text("resourceType", event.resource_type);
  record.id("tenant", event.tenant.uuid);
  record.time("time", event.time);
  record.number_if_any("v", kRecordVersion);
  out += '}';
}

}  // namespace quantumapi::base
