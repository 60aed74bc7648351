#include "vault/rules.h"

#include <set>
#include <string>

#include "base/encoding.h"
#include "vault/name.h"

namespace quantumapi::vault {
namespace {

std::unexpected<Error> too_large(std::string field, std::string message) {
  Error error{Code::kTooLarge, field + ": " + message};
  error.fields.push_back({std::move(field), std::move(message)});
  return std::unexpected(std::move(error));
}

Status check_line(std::string_view field, std::string_view text, std::size_t limit) {
  TRY(check_length(field, text, limit));
  if (base::has_control(text))
    return fail_field(std::string(field), "must not contain control characters");
  return {};
}

Status check_labels(const std::vector<std::string>& labels) {
  if (labels.size() > kMaxLabels) return fail_field("labels", "must not be more than 64");
  std::set<std::string_view> seen;
  for (const std::string& label : labels) {
    if (label.empty()) return fail_field("labels", "must not hold an empty one");
    if (!seen.insert(label).second) return fail_field("labels", "must not hold one twice");
    TRY(check_line("labels", label, kMaxLabel));
  }
  return {};
}

}  // namespace

Status check_length(std::string_view field, std::string_view text, std::size_t limit) {
  if (base::count_characters(text) <= limit) return {};
  return fail_field(std::string(field),
                    "must not be longer than " + std::to_string(limit) + " characters");
}

Status check_value(std::string_view value) {
  if (value.size() <= kMaxValue) return {};
  return too_large("value", "must not be larger than 1048576 octets");
}

Status check_new(const NewSecret& secret, WallTime now) {
  TRY(check_name(secret.name));
  TRY(check_value(secret.value));
  TRY(check_length("description", secret.description, kMaxDescription));
  // PostgreSQL keeps no text with a NUL in it.
  if (secret.description.contains('\0'))
    return fail_field("description", "must not contain the character U+0000");
  TRY(check_line("contentType", secret.content_type, kMaxContentType));
  TRY(check_labels(secret.labels));
  if (secret.fields.size() > kMaxFields)
    return too_large("notes",
                     "and the other fields together must not be larger than 262144 octets");
  if (secret.expires_at && *secret.expires_at <= now)
    return fail_field("expiresAt", "must be in the future");
  return {};
}

}  // namespace quantumapi::vault
