// Pending events of one tenant, as lists and exports show them.
#pragma once

#include <string>
#include <vector>

#include "audit/segment.h"
#include "store/database.h"

namespace quantumapi::audit {

struct PendingEvent {
  Salt salt;
  std::string record;
};

struct PendingEvents {
  std::vector<PendingEvent> events;  // newest first
  bool cut = false;                  // there were more than are looked at
};

// read_pending looks through the newest waiting rows (up to 64 MiB) for the
// tenant's events.
Result<PendingEvents> read_pending(store::Transaction& tx, TenantId tenant);

}  // namespace quantumapi::audit
