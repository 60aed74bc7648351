#include "audit/pending.h"

#include <algorithm>

#include "audit/pending_repository.h"
#include "audit/record.h"

namespace quantumapi::audit {
namespace {

constexpr std::int64_t kMaxRows = 20'000;
constexpr std::size_t kMaxOctets = 64 * 1024 * 1024;

// sort_by_time puts the newest first; those of one moment keep their order,
// which is right already within each stream.
void sort_by_time(std::vector<PendingEvent>& events) {
  struct Place {
    std::string time;
    std::size_t at;
  };
  std::vector<Place> places;
  places.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto terms = RecordTerms::find(events[i].record);
    places.push_back({std::string(terms ? terms->time : std::string_view()), i});
  }
  std::ranges::sort(places, [](const Place& a, const Place& b) {
    return a.time == b.time ? a.at < b.at : a.time > b.time;
  });
  std::vector<PendingEvent> sorted;
  sorted.reserve(events.size());
  for (const Place& place : places) sorted.push_back(std::move(events[place.at]));
  events = std::move(sorted);
}

}  // namespace

Result<PendingEvents> read_pending(store::Transaction& tx, TenantId tenant) {
  PendingEvents pending;
  std::size_t octets = 0;
  std::int64_t rows = 0;
  const auto take = [&](std::int64_t count, ByteView view) -> Status {
    pending.cut = pending.cut || octets > kMaxOctets || ++rows == kMaxRows;
    if (octets > kMaxOctets) return {};
    octets += view.size();
    TRY_ASSIGN(const auto frames, store::parse_frames(view, static_cast<std::size_t>(count)));
    for (std::size_t i = frames.size(); i-- > 0;)
      if (frames[i].tenant == tenant)
        pending.events.push_back({frames[i].salt, std::string(frames[i].record)});
    return {};
  };
  TRY(newest_pending(tx, kMaxRows, take));
  sort_by_time(pending.events);
  return pending;
}

}  // namespace quantumapi::audit
