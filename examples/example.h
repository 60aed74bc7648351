// What the three examples have in common: a log on standard error, and an end on SIGTERM.
#pragma once

#include <quantumapi/log.h>
#include <quantumapi/result.h>

#include <csignal>
#include <iostream>
#include <mutex>

namespace example {

namespace sdk = quantumapi::sdk;

// log_line writes one line at a time, whichever of the SDK's threads says it.
inline void log_line(sdk::LogLevel level, std::string_view line) {
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  const char* const name = level == sdk::LogLevel::kError     ? "error: "
                           : level == sdk::LogLevel::kWarning ? "warning: "
                                                              : "";
  std::cerr << name << line << std::endl;
}

// failed says what went wrong and gives the exit code for it.
inline int failed(const sdk::Error& error) {
  log_line(sdk::LogLevel::kError, error.message);
  return 1;
}

// EndSignals keeps SIGTERM and SIGINT from ending the program until wait takes them. Made before
// any thread is.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  // wait returns when the program is to end.
  void wait() const {
    int signal = 0;
    sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_{};
};

}  // namespace example
