// WaitingCheckpoints: each log's newest checkpoint that is still to be kept somewhere.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace quantumapi::audit {

// WaitingCheckpoints gives each log's newest checkpoint at most once in `every`. Used by one
// thread at a time.
class WaitingCheckpoints {
 public:
  explicit WaitingCheckpoints(std::chrono::milliseconds every) : every_(every) {}

  // offer remembers the text as the log's newest.
  void offer(const Uuid& log, std::string text) { logs_[log].text = std::move(text); }

  // give_due has `keep`, a Status of the text, keep those whose time has come, `all` the others
  // too. It ends at the first that can't be kept; nothing is forgotten then.
  template <typename Keep>
  Status give_due(SteadyTime now, bool all, const Keep& keep) {
    for (auto& [log, waiting] : logs_) {
      if (waiting.text.empty() || (now < waiting.due && !all)) continue;
      TRY(keep(waiting.text));
      waiting = {{}, now + every_};
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
};

}  // namespace quantumapi::audit
