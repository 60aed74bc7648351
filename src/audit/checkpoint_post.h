// CheckpointPost: checkpoints sent to a receiver outside, so that truncation shows.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "http/client.h"

namespace quantumapi::audit {

// CheckpointPost posts each log's newest checkpoint, as it is signed and as text/plain, at most
// once in `every` for each log, on a thread of its own. One that is answered other than 2xx is
// posted again after `every`, with what is the log's newest by then, and keeps no other log
// waiting; where no answer comes within ten seconds all wait for `every`. Each failure is counted,
// the first in a row is logged: of each log, ten in `every`, and of no answer. Safe from any
// thread.
class CheckpointPost {
 public:
  static constexpr std::chrono::milliseconds kEvery{60'000};

  // receiver: the url is https, verified by the system's roots, or plain http to a loopback
  // address. kInvalidArgument otherwise.
  static Result<http::Url> receiver(std::string_view url);
  // create: what receiver says of the url.
  static Result<std::unique_ptr<CheckpointPost>> create(const std::string& url, Logger& log,
                                                        Metrics& metrics,
                                                        std::chrono::milliseconds every = kEvery);
  ~CheckpointPost();  // gives up what is under way

  // offer remembers the text as the log's newest, and returns at once.
  void offer(const Uuid& log, std::string text);

 private:
  struct Impl;
  explicit CheckpointPost(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::audit
