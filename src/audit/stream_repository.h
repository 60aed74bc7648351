// The rows of log streams and of their daily files. SQL stands here only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

namespace quantumapi::audit {

using StreamId = base::Id<struct LogStreamTag>;

// StreamPosition is the first event that a stream still has to deliver.
struct StreamPosition {
  Uuid log;  // nil: the tenant had no log yet
  std::uint64_t next = 0;
  bool operator==(const StreamPosition&) const = default;
};

struct StreamRow {
  StreamId id;
  TenantId tenant;
  std::string name;
  std::string type;  // "Webhook" | "Datadog" | "Splunk" | "File"
  Bytes config;      // sealed JSON text
  std::uint32_t config_version = 1;
  bool is_active = true;
  StreamPosition position;
  std::int64_t consecutive_failures = 0;
  std::string last_error;
  std::int64_t lost_events = 0;  // that retention took before they were sent
  std::optional<WallTime> last_streamed_at;
  WallTime created_at;
  std::optional<WallTime> updated_at;
};

Status insert_stream(store::Transaction& tx, const StreamRow& row);
// find_stream gives a stream of the tenant only.
Result<std::optional<StreamRow>> find_stream(store::Transaction& tx, TenantId tenant, StreamId id);
Result<std::vector<StreamRow>> streams_of(store::Transaction& tx, TenantId tenant);
Result<std::vector<StreamRow>> active_streams(store::Transaction& tx);
Result<std::vector<StreamRow>> all_streams(store::Transaction& tx);
// update_stream writes name, type, config and activity, and clears the failures.
// False when the config is not the one before `row`'s any more.
Result<bool> update_stream(store::Transaction& tx, const StreamRow& row);
// set_active clears the failures. False when there is no such stream.
Result<bool> set_stream_active(store::Transaction& tx, TenantId tenant, StreamId id, bool active,
                               WallTime now);
Result<bool> delete_stream(store::Transaction& tx, TenantId tenant, StreamId id);

// advance_position says that everything before `to` was delivered; nothing
// happens when the stream is gone or stands elsewhere. `streamed_at` is absent
// when nothing was sent.
Status advance_position(store::Transaction& tx, StreamId id, const StreamPosition& from,
                        const StreamPosition& to, std::optional<WallTime> streamed_at);
// pass_lost_events moves the position over `lost` events that are gone and counts them. False
// when the stream is gone or stands elsewhere.
Result<bool> pass_lost_events(store::Transaction& tx, StreamId id, const StreamPosition& from,
                              const StreamPosition& to, std::uint64_t lost);
Status note_stream_failure(store::Transaction& tx, StreamId id, std::string_view error);

// log_size is how many events a log holds, open or closed.
Result<std::uint64_t> log_size(store::Transaction& tx, const Uuid& log);

// StreamDay is what one replica wrote of a day.
struct StreamDay {
  std::string day;    // "2026-11-23", UTC
  std::string place;  // of StreamFiles; empty: an older version wrote it, nobody knows where
  std::string host;   // for people
  std::int64_t line_count = 0;
  std::int64_t octets = 0;
  std::optional<std::int64_t> archive_octets;
  WallTime first_at;
  WallTime last_at;
};
Status put_stream_day(store::Transaction& tx, StreamId id, const StreamDay& day);
Result<std::vector<StreamDay>> stream_days(store::Transaction& tx, StreamId id);  // newest first
// adopt_stream_day gives a row without a place the one that `day` names.
Status adopt_stream_day(store::Transaction& tx, StreamId id, const StreamDay& day);
// delete_stream_day takes the rows of all places, or of one only.
Status delete_stream_day(store::Transaction& tx, StreamId id, std::string_view day);
Status delete_stream_day(store::Transaction& tx, StreamId id, std::string_view day,
                         std::string_view place);
Status delete_stream_days(store::Transaction& tx, StreamId id);

// measure_archives gives the octets of each tenant's daily files and how many they are.
Status measure_archives(store::Transaction& tx,
                        const std::function<void(TenantId, std::int64_t, std::int64_t)>& each);

}  // namespace quantumapi::audit
