#include "http/answer_budget.h"

namespace quantumapi::http {

void AnswerBudget::make_room() {
  for (AnswerCharge* const charge : waiting_) {
    if (kept_ <= octets_ || charge == waiting_.back()) return;
    if (charge->gives_way_.exchange(true)) continue;
    kept_ -= charge->taken_;
  }
}

bool AnswerCharge::take(std::size_t octets) {
  const std::lock_guard lock(budget_.mutex_);
  // A single one that is larger than all of the budget is let through alone.
  const bool room =
      budget_.held_ == 0 || budget_.held_ + octets <= AnswerBudget::kHeldAtMost * budget_.octets_;
  if (!room) return false;
  place_ = budget_.waiting_.insert(budget_.waiting_.end(), this);
  taken_ = octets;
  budget_.held_ += octets;
  budget_.kept_ += octets;
  budget_.make_room();
  return true;
}

void AnswerCharge::moved() {
  if (taken_ == 0) return;
  const std::lock_guard lock(budget_.mutex_);
  budget_.waiting_.splice(budget_.waiting_.end(), budget_.waiting_, place_);
}

void AnswerCharge::release() {
  if (taken_ == 0) return;
  const std::lock_guard lock(budget_.mutex_);
  budget_.waiting_.erase(place_);
  budget_.held_ -= taken_;
  if (!gives_way_) budget_.kept_ -= taken_;
  gives_way_ = false;
  taken_ = 0;
}

}  // namespace quantumapi::http
