// Logger: one JSON object a line, never a secret.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace quantumapi::base {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};

// LogSink takes what a Logger is given, on the thread of the caller.
using LogSink =
    std::function<void(LogLevel, std::string_view message, std::initializer_list<LogField> fields)>;

// Logger writes {"time","level","message",...fields} to standard error or a
// file descriptor, asynchronously and in order. Control characters and
// newlines in values are escaped. Values of requests, keys and headers are
// never passed to it: callers log ids and counts. Safe from any thread.
class Logger {
 public:
  explicit Logger(int descriptor = 2, LogLevel level = LogLevel::kInfo);
  // Logger of a program that is not ours hands everything to `sink` and writes nothing.
  Logger(LogSink sink, LogLevel level);
  ~Logger();  // writes what is waiting
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void set_level(LogLevel level);
  // takes is false for what write would drop: it saves making the fields.
  [[nodiscard]] bool takes(LogLevel level) const;
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kInfo, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kWarning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kError, message, fields);
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::base

namespace quantumapi {
using base::Logger;
using base::LogLevel;
}  // namespace quantumapi
