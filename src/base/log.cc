#include "base/log.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json_escape.h"

namespace quantumapi::base {
namespace {

// Lines beyond this many are dropped and counted: a reader that stands still
// must not fill the memory or stop the callers.
constexpr std::size_t kLongestQueue = 16'384;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

template <typename Number>
void append_number(std::string& out, Number value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, static_cast<std::size_t>(end - text));
}

struct AppendValue {
  std::string& out;

  void operator()(std::string_view v) const { json::detail::append_string(out, v); }
  void operator()(std::int64_t v) const { append_number(out, v); }
  void operator()(double v) const {
    if (std::isfinite(v))
      append_number(out, v);
    else
      out += "null";
  }
  void operator()(bool v) const { out += v ? "true" : "false"; }
};

void append_member(std::string& out, const LogField& field) {
  out += ',';
  json::detail::append_string(out, field.name);
  out += ':';
  std::visit(AppendValue{out}, field.value);
}

std::string format_line(LogLevel level, std::string_view message,
                        std::initializer_list<LogField> fields) {
  std::string line = R"({"time":")";
  line += SystemClock().wall().to_string();
  line += R"(","level":")";
  line += name_of(level);
  line += '"';
  append_member(line, {"message", message});
  for (const LogField& field : fields) append_member(line, field);
  line += "}\n";
  return line;
}

// write_line gives up on a descriptor that takes no more: there is nobody to
// tell.
void write_line(int descriptor, std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(descriptor, line.data(), line.size());
    if (written >= 0) {
      line.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return;
    pollfd ready{descriptor, POLLOUT, 0};
    ::poll(&ready, 1, -1);
  }
}

}  // namespace

struct Logger::Impl {
  Impl(int fd, LogLevel least) : descriptor(fd), level(least) {}

  void run() {
    std::vector<std::string> batch;
    std::unique_lock lock(mutex);
    for (;;) {
      arrived.wait(lock, [&] { return closing || !waiting.empty(); });
      if (waiting.empty()) return;
      batch.swap(waiting);
      const std::uint64_t lost = std::exchange(dropped, 0);
      lock.unlock();
      for (const std::string& line : batch) write_line(descriptor, line);
      if (lost > 0)
        write_line(descriptor, format_line(LogLevel::kWarning, "log lines were dropped",
                                           {{"count", static_cast<std::int64_t>(lost)}}));
      batch.clear();
      lock.lock();
    }
  }

  const int descriptor;
  LogSink sink{};
  std::atomic<LogLevel> level;
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<std::string> waiting;
  std::uint64_t dropped = 0;
  bool closing = false;
  std::thread writer;
};

Logger::Logger(int descriptor, LogLevel level) : impl_(std::make_unique<Impl>(descriptor, level)) {
  impl_->writer = std::thread([impl = impl_.get()] { impl->run(); });
}

Logger::Logger(LogSink sink, LogLevel level) : impl_(std::make_unique<Impl>(-1, level)) {
  impl_->sink = std::move(sink);
}

Logger::~Logger() {
  if (impl_->sink) return;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->closing = true;
  }
  impl_->arrived.notify_one();
  impl_->writer.join();
}

void Logger::set_level(LogLevel level) { impl_->level.store(level, std::memory_order_relaxed); }

bool Logger::takes(LogLevel level) const {
  return level >= impl_->level.load(std::memory_order_relaxed);
}

void Logger::write(LogLevel level, std::string_view message,
                   std::initializer_list<LogField> fields) {
  if (!takes(level)) return;
  if (impl_->sink) {
    impl_->sink(level, message, fields);
    return;
  }
  std::string line = format_line(level, message, fields);
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->waiting.size() >= kLongestQueue) {
      ++impl_->dropped;
      return;
    }
    impl_->waiting.push_back(std::move(line));
  }
  impl_->arrived.notify_one();
}

}  // namespace quantumapi::base
