#include "encryption/batch.h"

#include "http/problem.h"

namespace quantumapi::encryption {

using json::Value;

Status check_batch(const Value& items, const http::Call& call) {
  if (items.kind != Value::Kind::kArray) return fail_field("items", "must be an array");
  if (items.items.empty() || items.items.size() > kMaxBatch)
    return fail_field("items", "must be 1 to " + std::to_string(kMaxBatch));
  if (!call.may_block() && items.items.size() > kMaxPureBatch)
    return fail(Code::kWouldBlock, "A large batch belongs on the pool.");
  return {};
}

Status check_bound_nowhere(const std::optional<Value>& beside, std::string_view name) {
  if (!beside || beside->kind == Value::Kind::kNull) return {};
  return fail_field(std::string(name), "belongs in each item");
}

Result<std::optional<std::string_view>> optional_text_of(const Value& item, std::string_view folded,
                                                         std::string_view name) {
  if (item.kind != Value::Kind::kObject) return fail_field("items", "must be objects");
  const json::Member* const member = item.find_member(folded);
  if (member == nullptr || member->value.kind == Value::Kind::kNull) return std::nullopt;
  if (member->ambiguous)
    return fail_field(std::string(name), "is given twice with different values");
  if (member->value.kind != Value::Kind::kString)
    return fail_field(std::string(name), "must be a string");
  return member->value.text;
}

Result<std::string_view> text_of(const Value& item, std::string_view folded,
                                 std::string_view name) {
  TRY_ASSIGN(const auto text, optional_text_of(item, folded, name));
  if (!text) return fail_field(std::string(name), "is required");
  return *text;
}

bool fails_call(const Error& error) {
  switch (error.code) {
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kTooLarge:
      return false;
    case Code::kPermissionDenied:
      return error.reason == "key_version_below_minimum";
    default:
      return true;
  }
}

ItemError item_error(const Error& error) {
  return {std::string(http::reason_of(error)), error.message};
}

}  // namespace quantumapi::encryption
