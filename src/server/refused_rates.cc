#include "server/refused_rates.h"

#include <utility>

namespace quantumapi::server {
namespace {

std::int64_t second_of(SteadyTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// join makes `event` stand for what was left out before it as well.
void join(AuditEvent& event, std::optional<AuditEvent>& left_out) {
  if (left_out) event.failed_items = event.failed_items.value_or(0) + *left_out->failed_items;
  left_out.reset();
}

}  // namespace

std::optional<AuditEvent> RefusedRates::take(AuditEvent refusal, SteadyTime now) {
  const std::int64_t second = second_of(now);
  const std::scoped_lock lock(mutex_);
  Seen& seen = seen_[refusal.actor.api_key];
  refusal.failed_items = 1;
  join(refusal, seen.left_out);
  if (seen.second != second) {
    seen.second = second;
    return refusal;
  }
  seen.left_out = std::move(refusal);
  return std::nullopt;
}

std::vector<AuditEvent> RefusedRates::left(SteadyTime now) {
  const std::int64_t second = second_of(now);
  std::vector<AuditEvent> events;
  const std::scoped_lock lock(mutex_);
  for (auto it = seen_.begin(); it != seen_.end();) {
    Seen& seen = it->second;
    if (seen.second == second) {
      ++it;
    } else if (!seen.left_out) {
      it = seen_.erase(it);
    } else {
      seen.second = second;
      events.push_back(*std::exchange(seen.left_out, std::nullopt));
      ++it;
    }
  }
  return events;
}

std::vector<AuditEvent> RefusedRates::all_left() {
  std::vector<AuditEvent> events;
  const std::scoped_lock lock(mutex_);
  for (auto& [key, seen] : seen_)
    if (seen.left_out) events.push_back(*std::exchange(seen.left_out, std::nullopt));
  return events;
}

void RefusedRates::give_back(AuditEvent event) {
  const std::scoped_lock lock(mutex_);
  Seen& seen = seen_[event.actor.api_key];
  join(event, seen.left_out);
  seen.left_out = std::move(event);
}

}  // namespace quantumapi::server
