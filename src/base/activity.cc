#include "base/activity.h"

#include <utility>

namespace quantumapi::base {
namespace {

thread_local Activity* counted_by = nullptr;

}  // namespace

void Activity::end() {
  if (count_.fetch_sub(1) != 1) return;
  const std::scoped_lock lock(mutex_);
  if (idle_) idle_();
}

void Activity::watch(std::function<void()> idle) {
  const std::scoped_lock lock(mutex_);
  idle_ = std::move(idle);
}

Busy::Busy(Activity* begun) : activity_(begun) { counted_by = begun; }

Busy::~Busy() {
  counted_by = nullptr;
  if (activity_ != nullptr) activity_->end();
}

Waiting::Waiting() : activity_(std::exchange(counted_by, nullptr)) {
  if (activity_ != nullptr) activity_->end();
}

Waiting::~Waiting() {
  if (activity_ == nullptr) return;
  activity_->begin();
  counted_by = activity_;
}

}  // namespace quantumapi::base
