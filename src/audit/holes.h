// Holes: what an operator does about audit events that are missing.
#pragma once

#include <optional>

#include "audit/round.h"

namespace quantumapi::audit {

// A hole that can be accepted lacks at most this many events.
inline constexpr std::int64_t kLargestHole = 1'000'000;

// find_hole gives what stands in the sequencer's way first; nothing where it can go on.
Result<std::optional<Hole>> find_hole(store::Database& database);

// accept_hole lets sequencers that start from now on pass `hole`. What is lost
// stays lost: each missing number becomes a record of the action
// "audit.event_lost" in the platform's log, each row that was put back goes, and
// `event` is recorded there and in the log of every tenant, as nobody can tell
// whose events they were. kConflict when `hole` is not the one that stands in
// the way now, or is too large.
Status accept_hole(store::Database& database, const Hole& hole, const AuditEvent& event);

}  // namespace quantumapi::audit
