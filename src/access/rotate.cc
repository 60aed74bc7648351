// AccessService: rotating API keys.
#include <algorithm>

#include "access/scopes.h"
#include "access/service_impl.h"

namespace quantumapi::access {
namespace {

constexpr std::chrono::seconds kLongestOverlap = std::chrono::days(7);

std::unexpected<Error> beyond(std::string message) {
  return fail(Code::kPermissionDenied, std::move(message), "insufficient_scope");
}

// may_rotate: whoever rotates a key gets one of the same power.
Status may_rotate(const Principal& principal, const ApiKeyRecord& key) {
  TRY(may_grant(principal, key.role, key.scopes, key.bindings));
  return {};
}

Status check_alive(const ApiKeyRecord& key, WallTime now) {
  if (key.revoked_at || (key.expires_at && *key.expires_at <= now))
    return fail(Code::kConflict, "the API key is no longer valid");
  if (key.replaced_by) return fail(Code::kConflict, "the API key was rotated before");
  return {};
}

// successor is what the new key has of the old one: all but its text, and a
// life as long as the old one was given, though not beyond the end of the key
// that rotates it: a key could otherwise prolong itself without end.
NewApiKey successor(const ApiKeyRecord& old, const std::optional<WallTime>& end, WallTime now) {
  NewApiKey key{.name = old.name,
                .role = old.role,
                .bindings = old.bindings,
                .description = old.description,
                .addresses = old.addresses,
                .rate_limit = old.rate_limit};
  if (old.expires_at) key.expires_at = now + (*old.expires_at - old.created_at);
  if (old.expires_at && end) key.expires_at = std::min(*key.expires_at, *end);
  return key;
}

}  // namespace

Result<CreatedApiKey> AccessService::rotate(const Principal& principal, ApiKeyId id,
                                            std::chrono::seconds overlap, AuditEvent event) {
  if (overlap < std::chrono::seconds(0) || overlap > kLongestOverlap)
    return base::fail_field("overlapSeconds", "is 0 to 604800");
  const WallTime now = impl_->clock.wall();
  TRY_ASSIGN(const ApiKeyRecord seen, find_key(principal, id));
  TRY(may_rotate(principal, seen));
  TRY(check_alive(seen, now));
  TRY_ASSIGN(const ApiKeyRecord maker, find_key(principal, principal.api_key));
  TRY_ASSIGN(auto draft, impl_->draft(principal.tenant, successor(seen, maker.expires_at, now),
                                      seen.scopes, principal.api_key));
  draft.row.record.account = seen.account;
  draft.row.record.account_name = seen.account_name;

  const auto replace = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const auto row, access::find_key(tx, id));
    if (!row) return fail(Code::kNotFound, "there is no such API key");
    TRY(check_alive(row->record, now));
    TRY_ASSIGN(const Role highest, highest_role(tx, row->record.account));
    if (highest > principal.role) return beyond("the service account holds a higher role");
    TRY(may_limit(tx, principal.api_key, draft.row.record));
    TRY(insert_key(tx, draft.row));
    const WallTime end = now + overlap;
    const auto& before = row->record.expires_at;
    TRY(replace_key(tx, id, draft.row.record.id, before && *before < end ? *before : end));
    // One event about each key: the old one by its id, and then the one that took its place.
    AuditEvent rotated = event;
    rotated.tenant = principal.tenant;
    rotated.resource_type = "apiKey";
    rotated.resource = id.uuid;
    rotated.resource_name = seen.name;
    tx.record(rotated);
    rotated.resource = draft.row.record.id.uuid;
    tx.record(std::move(rotated));
    return {};
  };
  TRY(impl_->database.change(replace));
  impl_->cache.drop(id.uuid);
  return CreatedApiKey{std::move(draft.text), std::move(draft.row.record)};
}

}  // namespace quantumapi::access
