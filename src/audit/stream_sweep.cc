#include "audit/stream_sweep.h"

#include <algorithm>

#include "audit/repository.h"
#include "audit/stream_service.h"

namespace quantumapi::audit {
namespace {

constexpr std::chrono::hours kFarAhead{3 * 24};
constexpr std::chrono::hours kUnknownKept{24};

}  // namespace

StreamSweep::StreamSweep(store::Database& database, keyring::Keyring& keyring, const Clock& clock,
                         Logger& log, const StreamFiles& files)
    : database_(database),
      keyring_(keyring),
      clock_(clock),
      log_(log),
      files_(files),
      believed_clock_(clock, log, "the removal of log streams' files", kFarAhead) {}

bool StreamSweep::begin_clock() {
  if (believed_clock_.begun()) return true;
  if (const auto newest = database_.read(newest_time)) believed_clock_.begin(*newest);
  return believed_clock_.begun();
}

std::optional<WallTime> StreamSweep::believed() {
  const std::scoped_lock guard(clock_mutex_);
  return begin_clock() ? believed_clock_.now() : std::nullopt;
}

Status StreamSweep::expire(StreamId id, const StreamConfig& config) {
  const std::chrono::hours kept(24 * config.retention_days.value_or(30));
  const auto now = believed();
  if (!now) return {};
  const std::string oldest = day_of(*now - kept);
  TRY_ASSIGN(const std::string place, files_.place());
  TRY_ASSIGN(const auto days,
             database_.read([&](store::Transaction& tx) { return stream_days(tx, id); }));
  for (const StreamDay& day : days) {
    if (day.day >= oldest) continue;
    TRY(database_.change(
        [&](store::Transaction& tx) { return delete_stream_day(tx, id, day.day); }));
  }
  for (const std::string& day : files_.remove_old(id, *now, kept))
    TRY(database_.change(
        [&](store::Transaction& tx) { return delete_stream_day(tx, id, day, place); }));
  return {};
}

Status StreamSweep::run(const std::set<StreamId>& busy) {
  // The folders first: the stream of each, while there is one, has its row by then.
  TRY_ASSIGN(const auto found, files_.streams());
  std::set<StreamId> folders(found.begin(), found.end());
  TRY_ASSIGN(const auto rows,
             database_.read([](store::Transaction& tx) { return all_streams(tx); }));
  for (const StreamId id : busy) folders.erase(id);
  Status swept;
  for (const StreamRow& row : rows) {
    const bool has_folder = folders.erase(row.id) > 0;
    // One that can't be opened holds up no other.
    if (const Status one = run_one(row, has_folder); !one) swept = one;
  }
  forget_unknown(folders);
  return swept;
}

// forget_unknown removes the files of streams that the store does not know, and has not for a day:
// a store that was put back to an older backup may lack streams whose files alone have the events
// since.
void StreamSweep::forget_unknown(const std::set<StreamId>& folders) {
  std::erase_if(unknown_, [&](const auto& one) { return !folders.contains(one.first); });
  for (const StreamId id : folders) {
    const auto [since, is_new] = unknown_.try_emplace(id, clock_.steady());
    const std::string stream = id.to_string();
    if (is_new)
      log_.warning("there are files of a log stream that the store does not know: in a day they go",
                   {{"stream", std::string_view(stream)}});
    else if (clock_.steady() - since->second >= kUnknownKept)
      files_.remove_all(id);
  }
}

Status StreamSweep::run_one(const StreamRow& row, bool has_folder) {
  TRY_ASSIGN(const StreamType type, parse_stream_type(row.type));
  if (type == StreamType::kFile) {
    if (!has_folder && row.is_active) return {};  // its turns remove its rows
    TRY_ASSIGN(const auto opened, open_stream_config(keyring_, row));
    return expire(row.id, opened.config);
  }
  if (has_folder) files_.remove_all(row.id);
  TRY_ASSIGN(const auto days,
             database_.read([&](store::Transaction& tx) { return stream_days(tx, row.id); }));
  if (days.empty()) return {};
  return database_.change([&](store::Transaction& tx) -> Status {
    TRY_ASSIGN(const auto still, find_stream(tx, row.tenant, row.id));
    if (still && still->config_version != row.config_version) return {};
    return delete_stream_days(tx, row.id);
  });
}

}  // namespace quantumapi::audit
