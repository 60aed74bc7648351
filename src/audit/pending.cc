#include "audit/pending.h"

#include <algorithm>

#include "audit/record.h"
#include "audit/repository.h"

namespace quantumapi::audit {
namespace {

constexpr std::int64_t kMaxRows = 20'000;
constexpr std::size_t kMaxOctets = 64 * 1024 * 1024;

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
  // Several streams interleave; within one the order is right already.
  const auto time = [](const PendingEvent& event) {
    const auto view = RecordView::parse(event.record);
    return view ? view->time : std::string_view();
  };
  std::ranges::stable_sort(pending.events, std::ranges::greater(), time);
  return pending;
}

}  // namespace quantumapi::audit
