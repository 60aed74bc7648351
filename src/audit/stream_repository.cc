#include "audit/stream_repository.h"

namespace quantumapi::audit {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

constexpr Statement kInsert{"log_streams.insert",
                            R"sql(INSERT INTO log_streams (id, tenant, name, stream_type, config,
            config_version, is_active, log, next_index, consecutive_failures, last_error,
            created_at, lost_events)
          VALUES (:id, :tenant, :name, :type, :config, :config_version, :active, :log, :next, 0,
            :error, :now, 0))sql"};

constexpr Statement kFind{"log_streams.find",
                          R"sql(SELECT id, tenant, name, stream_type, config, config_version,
            is_active, log, next_index, consecutive_failures, last_error, last_streamed_at,
            created_at, updated_at, lost_events
          FROM log_streams WHERE id = :id AND tenant = :tenant)sql"};

constexpr Statement kOfTenant{"log_streams.of_tenant",
                              R"sql(SELECT id, tenant, name, stream_type, config, config_version,
            is_active, log, next_index, consecutive_failures, last_error, last_streamed_at,
            created_at, updated_at, lost_events
          FROM log_streams WHERE tenant = :tenant ORDER BY id)sql"};

constexpr Statement kActive{"log_streams.active",
                            R"sql(SELECT id, tenant, name, stream_type, config, config_version,
            is_active, log, next_index, consecutive_failures, last_error, last_streamed_at,
            created_at, updated_at, lost_events
          FROM log_streams WHERE is_active = 1 ORDER BY id)sql"};

constexpr Statement kAll{"log_streams.all",
                         R"sql(SELECT id, tenant, name, stream_type, config, config_version,
            is_active, log, next_index, consecutive_failures, last_error, last_streamed_at,
            created_at, updated_at, lost_events
          FROM log_streams ORDER BY id)sql"};

constexpr Statement kUpdate{"log_streams.update",
                            R"sql(UPDATE log_streams SET name = :name, stream_type = :type,
            config = :config, config_version = :config_version, consecutive_failures = 0,
            last_error = :error, updated_at = :now
          WHERE id = :id AND tenant = :tenant AND config_version = :config_version - 1)sql"};

constexpr Statement kSetActive{"log_streams.set_active",
                               R"sql(UPDATE log_streams SET is_active = :active,
            consecutive_failures = 0, last_error = :error, updated_at = :now
          WHERE id = :id AND tenant = :tenant)sql"};

constexpr Statement kDelete{"log_streams.delete",
                            R"sql(DELETE FROM log_streams WHERE id = :id AND tenant = :tenant)sql"};

constexpr Statement kDeleteDays{"log_streams.delete_days",
                                R"sql(DELETE FROM log_stream_files WHERE stream = :id)sql"};

constexpr Statement kAdvance{"log_streams.advance",
                             R"sql(UPDATE log_streams SET log = :to_log, next_index = :to_next
          WHERE id = :id AND log = :log AND next_index = :next)sql"};

constexpr Statement kDelivered{"log_streams.delivered",
                               R"sql(UPDATE log_streams SET log = :to_log, next_index = :to_next,
            consecutive_failures = 0, last_error = :error, last_streamed_at = :now
          WHERE id = :id AND log = :log AND next_index = :next)sql"};

constexpr Statement kLost{"log_streams.lost",
                          R"sql(UPDATE log_streams SET log = :to_log, next_index = :to_next,
            lost_events = lost_events + :lost
          WHERE id = :id AND log = :log AND next_index = :next)sql"};

constexpr Statement kFailed{"log_streams.failed",
                            R"sql(UPDATE log_streams
          SET consecutive_failures = consecutive_failures + 1, last_error = :error
          WHERE id = :id)sql"};

constexpr Statement kLogSize{"log_streams.log_size",
                             R"sql(SELECT size FROM audit_heads WHERE log = :log)sql"};

constexpr Statement kPutDay{"log_streams.put_day",
                            R"sql(INSERT INTO log_stream_files (stream, day, place, host,
            line_count, octets, archive_octets, first_at, last_at)
          VALUES (:stream, :day, :place, :host, :lines, :octets, :archive, :first, :last)
          ON CONFLICT (stream, day, place) DO UPDATE
          SET host = excluded.host, line_count = excluded.line_count, octets = excluded.octets,
              archive_octets = excluded.archive_octets, first_at = excluded.first_at,
              last_at = excluded.last_at)sql"};

constexpr Statement kDays{"log_streams.days",
                          R"sql(SELECT day, line_count, octets, archive_octets, first_at, last_at,
            place, host
          FROM log_stream_files WHERE stream = :stream ORDER BY day DESC, place)sql"};

constexpr Statement kAdoptDay{"log_streams.adopt_day",
                              R"sql(UPDATE log_stream_files SET place = :place, host = :host
          WHERE stream = :stream AND day = :day AND place = :nowhere)sql"};

constexpr Statement kDeleteDay{
    "log_streams.delete_day",
    R"sql(DELETE FROM log_stream_files WHERE stream = :stream AND day = :day)sql"};

constexpr Statement kDeleteDayOf{"log_streams.delete_day_of",
                                 R"sql(DELETE FROM log_stream_files
          WHERE stream = :stream AND day = :day AND place = :place)sql"};

constexpr Statement kMeasure{"log_streams.measure",
                             R"sql(SELECT s.tenant,
            CAST(sum(coalesce(d.archive_octets, d.octets)) AS BIGINT), count(*)
          FROM log_stream_files d JOIN log_streams s ON s.id = d.stream GROUP BY s.tenant)sql"};

StreamRow read_row(const Row& row) {
  StreamRow read;
  read.id = row.id<StreamId>(0);
  read.tenant = row.id<TenantId>(1);
  read.name = row.text(2);
  read.type = row.text(3);
  read.config = row.bytes(4);
  read.config_version = static_cast<std::uint32_t>(row.integer(5));
  read.is_active = row.boolean(6);
  read.position = {row.uuid(7), static_cast<std::uint64_t>(row.integer(8))};
  read.consecutive_failures = row.integer(9);
  read.last_error = row.text(10);
  read.last_streamed_at = row.optional_time(11);
  read.created_at = row.time(12);
  read.updated_at = row.optional_time(13);
  read.lost_events = row.integer(14);
  return read;
}

Result<std::vector<StreamRow>> rows(Transaction& tx, const Statement& statement,
                                    store::Params params) {
  std::vector<StreamRow> found;
  TRY(tx.each(statement, params, [&](const Row& row) -> Status {
    found.push_back(read_row(row));
    return {};
  }));
  return found;
}

}  // namespace

Status insert_stream(Transaction& tx, const StreamRow& row) {
  TRY(tx.execute(kInsert, {{"id", row.id},
                           {"tenant", row.tenant},
                           {"name", row.name},
                           {"type", row.type},
                           {"config", row.config},
                           {"config_version", row.config_version},
                           {"active", row.is_active ? 1 : 0},
                           {"log", row.position.log},
                           {"next", row.position.next},
                           {"error", ""},
                           {"now", row.created_at}}));
  return {};
}

Result<std::optional<StreamRow>> find_stream(Transaction& tx, TenantId tenant, StreamId id) {
  TRY_ASSIGN(auto found, rows(tx, kFind, {{"id", id}, {"tenant", tenant}}));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Result<std::vector<StreamRow>> streams_of(Transaction& tx, TenantId tenant) {
  return rows(tx, kOfTenant, {{"tenant", tenant}});
}

Result<std::vector<StreamRow>> active_streams(Transaction& tx) { return rows(tx, kActive, {}); }
Result<std::vector<StreamRow>> all_streams(Transaction& tx) { return rows(tx, kAll, {}); }

Result<bool> update_stream(Transaction& tx, const StreamRow& row) {
  TRY_ASSIGN(const auto changed, tx.execute(kUpdate, {{"name", row.name},
                                                      {"type", row.type},
                                                      {"config", row.config},
                                                      {"config_version", row.config_version},
                                                      {"error", ""},
                                                      {"now", row.updated_at},
                                                      {"id", row.id},
                                                      {"tenant", row.tenant}}));
  return changed == 1;
}

Result<bool> set_stream_active(Transaction& tx, TenantId tenant, StreamId id, bool active,
                               WallTime now) {
  TRY_ASSIGN(const auto changed, tx.execute(kSetActive, {{"active", active ? 1 : 0},
                                                         {"error", ""},
                                                         {"now", now},
                                                         {"id", id},
                                                         {"tenant", tenant}}));
  return changed == 1;
}

Result<bool> delete_stream(Transaction& tx, TenantId tenant, StreamId id) {
  TRY_ASSIGN(const auto gone, tx.execute(kDelete, {{"id", id}, {"tenant", tenant}}));
  if (gone == 1) TRY(delete_stream_days(tx, id));
  return gone == 1;
}

Status advance_position(Transaction& tx, StreamId id, const StreamPosition& from,
                        const StreamPosition& to, std::optional<WallTime> streamed_at) {
  if (!streamed_at) {
    TRY(tx.execute(kAdvance, {{"to_log", to.log},
                              {"to_next", to.next},
                              {"id", id},
                              {"log", from.log},
                              {"next", from.next}}));
    return {};
  }
  TRY(tx.execute(kDelivered, {{"to_log", to.log},
                              {"to_next", to.next},
                              {"error", ""},
                              {"now", *streamed_at},
                              {"id", id},
                              {"log", from.log},
                              {"next", from.next}}));
  return {};
}

Result<bool> pass_lost_events(Transaction& tx, StreamId id, const StreamPosition& from,
                              const StreamPosition& to, std::uint64_t lost) {
  TRY_ASSIGN(const auto changed, tx.execute(kLost, {{"to_log", to.log},
                                                    {"to_next", to.next},
                                                    {"lost", lost},
                                                    {"id", id},
                                                    {"log", from.log},
                                                    {"next", from.next}}));
  return changed == 1;
}

Status note_stream_failure(Transaction& tx, StreamId id, std::string_view error) {
  TRY(tx.execute(kFailed, {{"error", error}, {"id", id}}));
  return {};
}

Result<std::uint64_t> log_size(Transaction& tx, const Uuid& log) {
  std::uint64_t size = 0;
  TRY(tx.one(kLogSize, {{"log", log}}, [&](const Row& row) -> Status {
    size = static_cast<std::uint64_t>(row.integer(0));
    return {};
  }));
  return size;
}

Status put_stream_day(Transaction& tx, StreamId id, const StreamDay& day) {
  TRY(tx.execute(kPutDay, {{"stream", id},
                           {"day", day.day},
                           {"place", day.place},
                           {"host", day.host},
                           {"lines", day.line_count},
                           {"octets", day.octets},
                           {"archive", day.archive_octets},
                           {"first", day.first_at},
                           {"last", day.last_at}}));
  return {};
}

Result<std::vector<StreamDay>> stream_days(Transaction& tx, StreamId id) {
  std::vector<StreamDay> days;
  TRY(tx.each(kDays, {{"stream", id}}, [&](const Row& row) -> Status {
    StreamDay& day = days.emplace_back();
    day.day = row.text(0);
    day.line_count = row.integer(1);
    day.octets = row.integer(2);
    if (!row.is_null(3)) day.archive_octets = row.integer(3);
    day.first_at = row.time(4);
    day.last_at = row.time(5);
    day.place = row.text(6);
    day.host = row.text(7);
    return {};
  }));
  return days;
}

Status adopt_stream_day(Transaction& tx, StreamId id, const StreamDay& day) {
  TRY(tx.execute(kAdoptDay, {{"place", day.place},
                             {"host", day.host},
                             {"stream", id},
                             {"day", day.day},
                             {"nowhere", ""}}));
  return {};
}

Status delete_stream_day(Transaction& tx, StreamId id, std::string_view day) {
  TRY(tx.execute(kDeleteDay, {{"stream", id}, {"day", day}}));
  return {};
}

Status delete_stream_day(Transaction& tx, StreamId id, std::string_view day,
                         std::string_view place) {
  TRY(tx.execute(kDeleteDayOf, {{"stream", id}, {"day", day}, {"place", place}}));
  return {};
}

Status delete_stream_days(Transaction& tx, StreamId id) {
  TRY(tx.execute(kDeleteDays, {{"id", id}}));
  return {};
}

Status measure_archives(Transaction& tx,
                        const std::function<void(TenantId, std::int64_t, std::int64_t)>& each) {
  const auto tell = [&](const Row& row) -> Status {
    each(row.id<TenantId>(0), row.integer(1), row.integer(2));
    return {};
  };
  return tx.each(kMeasure, {}, tell);
}

}  // namespace quantumapi::audit
