// RefusedRates keeps a key that goes on past its rate from filling its tenant's log.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/audit_event.h"
#include "base/clock.h"

namespace quantumapi::server {

// RefusedRates lets one refusal of a key's rate into the log each second, with how many it stands
// for (failed_items): a rate that bounds what a key may do bounds what it may write as well. What
// it leaves out it counts, and gives back as an event once the second is over, so that the events
// of a key add up to its refusals. Events name the key they are of. Safe from any thread.
class RefusedRates {
 public:
  // take gives the event to record now; none where the key had one in this second.
  std::optional<AuditEvent> take(AuditEvent refusal, SteadyTime now);
  // left gives an event for each key of which refusals were left out in a second before now's. It
  // is the key's event of this second. Keys that were refused nothing meanwhile are forgotten.
  std::vector<AuditEvent> left(SteadyTime now);
  // all_left does not wait for the second to be over.
  std::vector<AuditEvent> all_left();
  // give_back takes an event that could not be recorded; what it stands for is left out again.
  void give_back(AuditEvent event);

 private:
  struct Seen {
    std::int64_t second = -1;            // of the key's last event
    std::optional<AuditEvent> left_out;  // the last one since, and how many
  };
  std::mutex mutex_;
  std::unordered_map<Uuid, Seen> seen_;
};

}  // namespace quantumapi::server
