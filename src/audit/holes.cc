#include "audit/holes.h"

#include "audit/pending_repository.h"
#include "audit/repository.h"
#include "store/audit_frame.h"

namespace quantumapi::audit {
namespace {

Result<std::optional<Hole>> hole_in(store::Transaction& tx) {
  TRY_ASSIGN(const Batch batch, read_batch(tx, kEventsInRound));
  return batch.hole;
}

bool same(const Hole& a, const Hole& b) {
  return a.stream == b.stream && a.expected == b.expected && a.found == b.found;
}

// lost_row stands for the missing numbers.
PendingRow lost_row(const Hole& hole, AuditEvent event) {
  event.tenant = {};
  event.action = "audit.event_lost";
  PendingRow row{hole.stream, hole.expected, hole.found - hole.expected, {}};
  for (std::int64_t i = 0; i < row.count; ++i) store::append_frame(row.frames, event);
  return row;
}

Status record_everywhere(store::Transaction& tx, AuditEvent event) {
  TRY_ASSIGN(const auto tenants, tenants_with_logs(tx));
  for (const TenantId tenant : tenants) {
    event.tenant = tenant;
    tx.record(event);
  }
  return {};
}

}  // namespace

Result<std::optional<Hole>> find_hole(store::Database& database) {
  return database.read([](store::Transaction& tx) { return hole_in(tx); });
}

Status accept_hole(store::Database& database, const Hole& hole, const AuditEvent& event) {
  if (hole.found - hole.expected > kLargestHole)
    return fail(Code::kConflict, "more events are missing than can be accepted: " +
                                     std::to_string(hole.found - hole.expected));
  return database.change([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const auto found, hole_in(tx));
    if (!found || !same(*found, hole))
      return fail(Code::kConflict, "this is not the hole that stands in the way");
    if (hole.found > hole.expected) {
      TRY(put_pending(tx, lost_row(hole, event)));
    } else {
      TRY(delete_pending(tx, hole.stream, hole.found));
    }
    return record_everywhere(tx, event);
  });
}

}  // namespace quantumapi::audit
