#include "store/waiting_appends.h"

#include "store/audit_frame.h"

namespace quantumapi::store {

ByteView WaitingAppends::encode(const std::vector<AuditEvent>& events) {
  thread_local Bytes frames;
  if (frames.capacity() > AuditBatch::kRowSize) frames = {};
  frames.clear();
  for (const AuditEvent& event : events) append_frame(frames, event);
  return frames;
}

bool WaitingAppends::add(ByteView frames, std::size_t count, Database::Done& done) {
  if (batch_.size() + frames.size() > kMostWaiting) return false;
  batch_.add(frames, static_cast<std::int64_t>(count));
  dones_.push_back(std::move(done));
  return true;
}

void WaitingAppends::take(AuditBatch& batch, std::vector<Database::Done>& dones) {
  std::swap(batch_, batch);
  std::swap(dones_, dones);
}

Status WaitingAppends::refused() {
  return fail(Code::kUnavailable, "too many audit events wait", std::string(kStoreUnavailable));
}

}  // namespace quantumapi::store
