// What finds the segments of a log: by the times of their events, and by the terms that events
// have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "store/database.h"

namespace quantumapi::audit {

// put_times widens what is known of the segment by the times of its events.
Status put_times(store::Transaction& tx, const Uuid& log, std::uint64_t segment, WallTime first,
                 WallTime last);
// newest_segment_begun gives the last segment with an event at or before `time`,
// oldest_segment_reaching the first with one at or after it.
Result<std::optional<std::uint64_t>> newest_segment_begun(store::Transaction& tx, const Uuid& log,
                                                          WallTime time);
Result<std::optional<std::uint64_t>> oldest_segment_reaching(store::Transaction& tx,
                                                             const Uuid& log, WallTime time);

// TermCount is how many events of a segment have a term. Rows written before counts
// were kept do not say.
struct TermCount {
  std::uint64_t segment = 0;
  std::optional<std::int64_t> count;
};
// put_term adds to what is counted already.
Status put_term(store::Transaction& tx, const Uuid& log, std::string_view term,
                const TermCount& counted);
// terms_beginning lists the log's terms whose text begins so.
Result<std::vector<std::string>> terms_beginning(store::Transaction& tx, const Uuid& log,
                                                 std::string_view with);
// combined_from is the first segment whose events all have their combinations in the index; older
// ones were written before there were any.
Result<std::uint64_t> combined_from(store::Transaction& tx, const Uuid& log);
// segments_with lists up to `limit` segments that hold `term`, newest first, from `newest` down.
Result<std::vector<TermCount>> segments_with(store::Transaction& tx, const Uuid& log,
                                             std::string_view term, std::uint64_t newest,
                                             std::int64_t limit);

}  // namespace quantumapi::audit
