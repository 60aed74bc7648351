// WaitingCheckpoints: each log's newest checkpoint that is still to be kept somewhere.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace quantumapi::audit {

// WaitingCheckpoints gives each log's newest checkpoint at most once in `every`. Used by one
// thread at a time.
class WaitingCheckpoints {
 public:
  enum class Kept : std::uint8_t { kYes, kRefused };

  explicit WaitingCheckpoints(std::chrono::milliseconds every) : every_(every) {}

  // offer remembers the text as the log's newest.
  void offer(const Uuid& log, std::string text) { logs_[log].text = std::move(text); }

  // give_due has `keep`, a Result<Kept> of the log and its text, keep those whose time has come,
  // `all` the others too. One that is refused waits for its next time alone. An error ends it,
  // and nothing is forgotten then; the next give_due begins with the log after, so that none
  // stands in the way of the others.
  template <typename Keep>
  Status give_due(SteadyTime now, bool all, const Keep& keep) {
    auto at = logs_.upper_bound(last_);
    for (std::size_t left = logs_.size(); left > 0; --left, ++at) {
      if (at == logs_.end()) at = logs_.begin();
      auto& [log, waiting] = *at;
      if (waiting.text.empty() || (now < waiting.due && !all)) continue;
      last_ = log;
      TRY_ASSIGN(const Kept kept, keep(log, std::string_view(waiting.text)));
      if (kept == Kept::kYes) waiting.text.clear();
      waiting.due = now + every_;
    }
    return {};
  }

  // next_due is when the first of them may be given; nothing where none waits.
  [[nodiscard]] std::optional<SteadyTime> next_due() const {
    std::optional<SteadyTime> next;
    for (const auto& [log, waiting] : logs_)
      if (!waiting.text.empty()) next = std::min(next.value_or(waiting.due), waiting.due);
    return next;
  }

 private:
  struct Waiting {
    std::string text;  // empty: nothing new
    SteadyTime due{SteadyTime::min()};
  };
  std::chrono::milliseconds every_;
  std::map<Uuid, Waiting> logs_;
  Uuid last_;  // that was given
};

}  // namespace quantumapi::audit
