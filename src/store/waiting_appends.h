// WaitingAppends: events of replies that wait for the next commit.
#pragma once

#include <vector>

#include "store/audit_batch.h"
#include "store/database.h"

namespace quantumapi::store {

// WaitingAppends is guarded by its owner's mutex.
class WaitingAppends {
 public:
  static constexpr std::size_t kMostWaiting = 64U << 20U;  // octets

  // encode makes the frames of `events` in memory of the calling thread, valid
  // until its next call: done before the mutex is taken, so that many callers
  // encode at once and the committing thread only copies.
  static ByteView encode(const std::vector<AuditEvent>& events);

  // add takes `done` over and is true, or leaves it when too much waits already.
  bool add(ByteView frames, std::size_t count, Database::Done& done);
  [[nodiscard]] bool empty() const { return dones_.empty(); }
  // take swaps what waits for the caller's cleared buffers.
  void take(AuditBatch& batch, std::vector<Database::Done>& dones);

  // refused is what `done` is told when add was false.
  static Status refused();

 private:
  AuditBatch batch_;
  std::vector<Database::Done> dones_;
};

}  // namespace quantumapi::store
