#include "audit/stream_service.h"

#include <algorithm>

#include "audit/item.h"
#include "audit/repository.h"
#include "base/encoding.h"
#include "base/host_name.h"
#include "keyring/object.h"

namespace quantumapi::audit {
namespace {

constexpr std::size_t kMaxStreams = 50;  // of one tenant
constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMostTests = 4;  // at once, of all tenants
constexpr int kTestAgainIn = 10;       // seconds: the longest that one may take

std::unexpected<Error> no_such_stream() { return fail(Code::kNotFound, "no such log stream"); }

Status may_manage(const Principal& who) {
  if (who.role != Role::kMember) return {};
  return fail(Code::kPermissionDenied, "log streams are for admins and owners",
              "insufficient_scope");
}

Status check_name(std::string_view name) {
  if (name.empty() || base::count_characters(name) > kMaxName)
    return base::fail_field("name", "has 1 to 200 characters");
  if (base::has_control(name)) return base::fail_field("name", "holds a control character");
  return {};
}

keyring::ObjectContext context_of(const StreamRow& row) {
  return {"log_stream.config", row.tenant, row.id.uuid, row.config_version};
}

void concerns(AuditEvent& event, const StreamRow& row) {
  event.resource_type = "logStream";
  event.resource = row.id.uuid;
  event.resource_name = row.name;
}

StreamEvent test_event(WallTime now) {
  AuditItem item;
  item.id = Uuid::v7(now);
  item.timestamp = now.to_string();
  item.action = "log_stream.test";
  item.category = "audit";
  item.actor = item.actor_type = "system";
  item.resource_type = "none";
  item.resource_id = Uuid().to_string();
  item.outcome = "success";
  item.request_id = item.id.to_string();
  return {0, now, json::to_text(item)};
}

}  // namespace

Result<http::Reach> StreamReach::of(TenantId tenant) const {
  TRY_ASSIGN(const TenantId first, first_());
  return tenant == first ? http::Reach::kAnywhere : http::Reach::kOtherHosts;
}

Status StreamTests::begin(TenantId tenant) {
  const std::scoped_lock guard(mutex_);
  if (running_.size() < kMostTests && running_.insert(tenant).second) return {};
  return std::unexpected(Error{Code::kRateLimited,
                               "another test of a log stream still runs; try again later",
                               "rate_limit_exceeded",
                               {},
                               kTestAgainIn});
}

void StreamTests::end(TenantId tenant) {
  const std::scoped_lock guard(mutex_);
  running_.erase(tenant);
}

Result<OpenStreamConfig> open_stream_config(keyring::Keyring& keyring, const StreamRow& row) {
  TRY_ASSIGN(const auto header, keyring::read_object_header(row.config));
  TRY_ASSIGN(const auto version, keyring.encryption(row.tenant, header.key, header.version,
                                                    keyring::Purpose::kVault, true));
  TRY_ASSIGN(const auto text, keyring::open_object(*version, context_of(row), row.config));
  OpenStreamConfig opened;
  TRY_ASSIGN(opened.type, parse_stream_type(row.type));
  const std::pmr::string copy(text.reveal_text(SecretAccess()), opened.arena.get());
  TRY_ASSIGN(opened.config, json::decode<StreamConfig>(copy, *opened.arena));
  return opened;
}

Status StreamService::seal(StreamRow& row, const StreamConfig& config,
                           std::pmr::memory_resource& arena) {
  TRY_ASSIGN(const auto version,
             keyring_.default_encryption(row.tenant, keyring::Purpose::kVault, true));
  const auto text = config_text(config, arena);
  TRY_ASSIGN(row.config, keyring::seal_object(*version, context_of(row), as_bytes(text)));
  return {};
}

Result<StreamView> StreamService::view(StreamRow row) {
  TRY_ASSIGN(const auto opened, open_stream_config(keyring_, row));
  const auto text = config_text(masked(opened.config, *opened.arena), *opened.arena);
  return StreamView{std::move(row), std::string(text)};
}

Result<StreamRow> StreamService::find(const Principal& who, StreamId id) {
  TRY(may_manage(who));
  TRY_ASSIGN(auto row, database_.read([&](store::Transaction& tx) {
    return find_stream(tx, who.tenant, id);
  }));
  if (!row) return no_such_stream();
  return *std::move(row);
}

Result<StreamView> StreamService::create(const Principal& who, const StreamInput& input,
                                         AuditEvent event) {
  TRY(may_manage(who));
  TRY(check_name(input.name));
  TRY_ASSIGN(const StreamType type, parse_stream_type(input.type));
  TRY_ASSIGN(const http::Reach reach, reach_.of(who.tenant));
  WipingArena arena;
  TRY_ASSIGN(const auto config, parse_stream_config(type, input.config, reach, nullptr, arena));
  StreamRow row;
  row.created_at = clock_.wall();
  row.id = StreamId::make(row.created_at);
  row.tenant = who.tenant;
  row.name = input.name;
  row.type = to_string(type);
  TRY(seal(row, config, arena));
  concerns(event, row);
  const auto insert = [&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const auto others, streams_of(tx, who.tenant));
    if (others.size() >= kMaxStreams)
      return fail(Code::kConflict, "a tenant has at most 50 log streams", "too_many_log_streams");
    TRY_ASSIGN(const auto head, open_log(tx, who.tenant));
    StreamRow placed = row;
    if (head) placed.position = {head->log, head->frontier.size()};
    TRY(insert_stream(tx, placed));
    tx.record(event);
    return {};
  };
  TRY(database_.change(insert));
  return view(std::move(row));
}

Result<std::vector<StreamView>> StreamService::list(const Principal& who) {
  TRY(may_manage(who));
  TRY_ASSIGN(auto rows,
             database_.read([&](store::Transaction& tx) { return streams_of(tx, who.tenant); }));
  std::vector<StreamView> views;
  for (StreamRow& row : rows) {
    TRY_ASSIGN(auto one, view(std::move(row)));
    views.push_back(std::move(one));
  }
  return views;
}

Result<StreamView> StreamService::get(const Principal& who, StreamId id) {
  TRY_ASSIGN(auto row, find(who, id));
  return view(std::move(row));
}

Result<StreamView> StreamService::update(const Principal& who, StreamId id,
                                         const StreamInput& input, AuditEvent event) {
  TRY_ASSIGN(auto row, find(who, id));
  TRY(check_name(input.name));
  TRY_ASSIGN(const StreamType type, parse_stream_type(input.type));
  TRY_ASSIGN(const auto former, open_stream_config(keyring_, row));
  TRY_ASSIGN(const http::Reach reach, reach_.of(who.tenant));
  const FormerStream before{former.type, former.config};
  WipingArena arena;
  // A blank config keeps the former one: clients are not shown all of a receiver's, and to rename a
  // File stream is not to change how long its files are kept.
  const bool keep = is_blank(input.config) && type == former.type;
  const std::pmr::string kept = config_text(former.config, *former.arena);
  TRY_ASSIGN(const auto config,
             parse_stream_config(type, keep ? std::string_view(kept) : input.config, reach, &before,
                                 arena));
  row.name = input.name;
  row.type = to_string(type);
  row.updated_at = clock_.wall();
  row.consecutive_failures = 0;
  row.last_error.clear();
  ++row.config_version;
  TRY(seal(row, config, arena));
  concerns(event, row);
  TRY(database_.change([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const bool changed, update_stream(tx, row));
    if (!changed) return fail(Code::kConflict, "another change came in between");
    tx.record(event);
    return {};
  }));
  return view(std::move(row));
}

Result<StreamView> StreamService::set_active(const Principal& who, StreamId id, bool active,
                                             AuditEvent event) {
  TRY_ASSIGN(const auto row, find(who, id));
  concerns(event, row);
  const WallTime now = clock_.wall();
  TRY(database_.change([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const bool changed, set_stream_active(tx, who.tenant, id, active, now));
    if (!changed) return no_such_stream();
    tx.record(event);
    return {};
  }));
  return get(who, id);
}

Status StreamService::remove(const Principal& who, StreamId id, AuditEvent event) {
  TRY_ASSIGN(const auto row, find(who, id));
  concerns(event, row);
  TRY(database_.change([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const bool gone, delete_stream(tx, who.tenant, id));
    if (!gone) return no_such_stream();
    tx.record(event);
    return {};
  }));
  files_.remove_all(id);
  return {};
}

Status StreamService::test(const Principal& who, StreamId id) {
  TRY_ASSIGN(const auto row, find(who, id));
  TRY(tests_.begin(who.tenant));
  auto sent = send_test(row);
  tests_.end(who.tenant);
  return sent;
}

Status StreamService::send_test(const StreamRow& row) {
  TRY_ASSIGN(const auto opened, open_stream_config(keyring_, row));
  const StreamEvent event = test_event(clock_.wall());
  if (opened.type == StreamType::kFile) {
    TRY_ASSIGN(const std::string place, files_.place());
    TRY_ASSIGN(auto days,
               database_.read([&](store::Transaction& tx) { return stream_days(tx, row.id); }));
    std::erase_if(days, [&](const StreamDay& day) { return day.place != place; });
    return files_.check(row.id, day_for(event.time, event.time, days), event.json);
  }
  TRY_ASSIGN(const http::Reach reach, reach_.of(row.tenant));
  TRY_ASSIGN(const auto receiver, StreamReceiver::create(opened.type, opened.config, reach));
  return receiver->deliver(opened.config, {&event, 1}, clock_.wall());
}

Result<StreamService::Files> StreamService::files(const Principal& who, StreamId id) {
  TRY_ASSIGN(const auto row, find(who, id));
  TRY_ASSIGN(const auto opened, open_stream_config(keyring_, row));
  if (opened.type != StreamType::kFile)
    return fail(Code::kNotFound, "only log streams of type File have files");
  Files files;
  files.retention_days = opened.config.retention_days.value_or(0);
  TRY_ASSIGN(const std::string place, files_.place());
  TRY_ASSIGN(const auto rows,
             database_.read([&](store::Transaction& tx) { return stream_days(tx, id); }));
  for (const StreamDay& part : rows) {
    if (files.days.empty() || files.days.back().day != part.day)
      files.days.push_back({.day = part.day, .first_at = part.first_at, .last_at = part.last_at});
    Day& day = files.days.back();
    day.line_count += part.line_count;
    day.octets += part.archive_octets.value_or(part.octets);
    day.first_at = std::min(day.first_at, part.first_at);
    day.last_at = std::max(day.last_at, part.last_at);
    if ((part.place == place || part.place.empty()) && files_.holds(id, part))
      day.here = part;
    else
      day.elsewhere.push_back(part.place == place ? base::host_name() + ", whose file is gone"
                              : part.host.empty() ? "an unknown host"
                                                  : part.host);
  }
  return files;
}

Result<http::Reply::Stream> StreamService::file(const Principal& who, StreamId id,
                                                std::string_view day, bool part) {
  TRY_ASSIGN(const auto all, files(who, id));
  const auto found = std::ranges::find(all.days, day, &Day::day);
  if (found == all.days.end()) return fail(Code::kNotFound, "there is no file of this day");
  if (found->here && (part || found->elsewhere.empty())) return files_.open(id, *found->here);
  std::string hosts;
  for (const std::string& host : found->elsewhere) hosts += (hosts.empty() ? "" : "; ") + host;
  const std::int64_t lacks = found->line_count - (found->here ? found->here->line_count : 0);
  return fail(Code::kConflict,
              std::to_string(lacks) + " of the " + std::to_string(found->line_count) +
                  " lines of this day lie on another replica: " + hosts +
                  (found->here ? "; part=true gives what is here" : ""),
              "elsewhere");
}

}  // namespace quantumapi::audit
