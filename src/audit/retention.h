// Retention: old events go, the tree stays verifiable.
#pragma once

#include "store/database.h"

namespace quantumapi::audit {

// drop_expired takes the leaves of segments that were written before `before`, oldest first,
// without a gap and never those of a log's last segment, from every log, and answers how many
// segments it took. They keep hash and range: checkpoints and later exports, which then begin
// behind them, still verify. A segment holds 256 events and is as old as its newest, so that one
// too stays until the rest of its segment may go. Where a later segment is full of earlier times,
// and these are none from before what precedes, the newest event came from a clock that was ahead:
// then the segment is as old as that later one. Segments go 64 at a time: no change waits long.
Result<std::size_t> drop_expired(store::Database& database, WallTime before);

// drop_surplus takes, in the same way, the oldest of a tenant's logs whose events are more
// than `keep`, and answers how many segments it took: whoever fails to
// authenticate writes to the platform's log, and may not fill the disk with it.
Result<std::size_t> drop_surplus(store::Database& database, TenantId tenant, std::uint64_t keep);

}  // namespace quantumapi::audit
