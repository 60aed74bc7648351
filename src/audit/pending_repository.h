// The rows of the events that wait for the sequencer. Their SQL stands here only.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "store/database.h"

namespace quantumapi::audit {

// next_stream is the first stream after `after` that has pending rows.
Result<std::optional<Uuid>> next_stream(store::Transaction& tx, const Uuid& after);
// expected_n is the number that the stream's next event must have.
Result<std::int64_t> expected_n(store::Transaction& tx, const Uuid& stream);

struct PendingSize {
  std::int64_t n;
  std::int64_t count;
};
// pending_sizes gives the stream's first rows, without their frames.
Result<std::vector<PendingSize>> pending_sizes(store::Transaction& tx, const Uuid& stream,
                                               std::int64_t limit);

struct PendingRow {
  Uuid stream;
  std::int64_t n = 0;
  std::int64_t count = 0;
  Bytes frames;
};
Result<std::vector<PendingRow>> pending_rows(store::Transaction& tx, const Uuid& stream,
                                             std::int64_t below_n);
// newest_pending calls `row` for the newest rows of all streams, newest stream and number first.
Status newest_pending(store::Transaction& tx, std::int64_t limit,
                      const std::function<Status(std::int64_t count, ByteView frames)>& row);

// pending_ends names, for each stream with pending rows, the number of its newest.
struct PendingEnd {
  Uuid stream;
  std::int64_t n;
};
Result<std::vector<PendingEnd>> pending_ends(store::Transaction& tx);
// is_pending is true while a row of the stream up to `end` waits for the sequencer.
Result<bool> is_pending(store::Transaction& tx, const PendingEnd& end);

// put_pending adds a row in the place of numbers that are missing; delete_pending
// takes away the row of that number.
Status put_pending(store::Transaction& tx, const PendingRow& row);
Status delete_pending(store::Transaction& tx, const Uuid& stream, std::int64_t n);

// overtaken is what a round fails with that another sequencer came before: kConflict with
// reason "sequencer_overtaken". It is done anew.
std::unexpected<Error> overtaken();

// advance_stream moves the stream's number and deletes its rows below it.
// kConflict when the number is not `from` any more.
Status advance_stream(store::Transaction& tx, const Uuid& stream, std::int64_t from,
                      std::int64_t to);

}  // namespace quantumapi::audit
