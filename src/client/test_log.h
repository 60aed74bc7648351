// LogLines: what the services of the SDK said, for their tests.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "quantumapi/log.h"

namespace quantumapi::sdk {

class LogLines {
 public:
  Log log() {
    return [this](LogLevel, std::string_view line) {
      const std::scoped_lock lock(mutex_);
      text_ += std::string(line) + "\n";
      said_.notify_all();
    };
  }
  bool has(std::string_view words) {
    const std::scoped_lock lock(mutex_);
    return text_.contains(words);
  }
  // wait_for is true as soon as the words were said, false after twenty seconds without them.
  bool wait_for(std::string_view words) {
    std::unique_lock lock(mutex_);
    return said_.wait_for(lock, std::chrono::seconds(20), [&] { return text_.contains(words); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable said_;
  std::string text_;
};

}  // namespace quantumapi::sdk
