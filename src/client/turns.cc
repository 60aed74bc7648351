#include "client/turns.h"

#include "client/error.h"

namespace quantumapi::sdk {

Turns::Turn::~Turn() {
  if (turns_ == nullptr) return;
  {
    const std::lock_guard lock(turns_->mutex_);
    turns_->taken_.erase(name_);
  }
  turns_->left_.notify_all();
}

Result<Turns::Turn> Turns::take(std::string_view name, const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  const bool free = left_.wait_until(lock, deadline.cancel(), deadline.end(),
                                     [&] { return !taken_.contains(name); });
  if (deadline.cancel().stop_requested()) return cancelled();
  if (!free) return fail(Kind::kUnavailable, "timeout", "no answer came in time");
  taken_.emplace(name);
  return Turn(*this, name);
}

}  // namespace quantumapi::sdk
