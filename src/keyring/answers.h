// What the sources of Keyring answer and record alike.
#pragma once

#include <optional>
#include <utility>

#include "base/audit_event.h"
#include "keyring/key.h"
#include "keyring/material.h"

namespace quantumapi::keyring {

inline std::unexpected<Error> no_such_key() {
  return fail(Code::kNotFound, "there is no such key or version");
}
inline std::unexpected<Error> not_active() {
  return fail(Code::kConflict, "the key is not active", "key_not_active");
}
inline std::unexpected<Error> expired() {
  return fail(Code::kConflict, "the key has expired: give it a later expiresAt first",
              "key_expired");
}
inline std::unexpected<Error> scheduled_already() {
  return fail(Code::kConflict, "the key is scheduled for deletion", "key_scheduled_deletion");
}

// present gives the record of a key that is not deleted.
inline Result<KeyRecord> present(Result<std::optional<KeyRecord>> found) {
  if (!found) return std::unexpected(std::move(found).error());
  if (!*found || (*found)->state == "deleted") return no_such_key();
  return **std::move(found);
}

// about completes the event of a change with the key that changed.
inline AuditEvent about(AuditEvent event, const KeyRecord& key) {
  event.resource_type = "key";
  event.resource = key.id.uuid;
  event.resource_name = key.name;
  event.algorithm = algorithm_name(key.algorithm);
  event.key_version = key.latest_version;
  return event;
}

// own_event is what the platform does by itself.
inline AuditEvent own_event(std::string_view action, TenantId tenant, WallTime now,
                            std::string_view category = "keys") {
  AuditEvent event;
  event.tenant = tenant;
  event.time = now;
  event.request = RequestId::make(now);
  event.action = action;
  event.category = category;
  event.actor.type = "system";
  return event;
}

}  // namespace quantumapi::keyring
