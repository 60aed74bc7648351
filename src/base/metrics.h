// Metrics: counters, gauges and histograms in the Prometheus text format.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantumapi::base {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Counter only grows. One relaxed atomic: safe from any thread.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// Gauge is a value that goes up and down.
class Gauge {
 public:
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(double n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

// Histogram counts durations in fixed buckets from 50 us to 10 s.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 17;
  void observe(std::chrono::nanoseconds duration) noexcept;

 private:
  friend class Metrics;
  std::atomic<std::uint64_t> counts_[kBuckets + 1] = {};
  std::atomic<std::uint64_t> sum_nanoseconds_ = 0;
};

// Metrics owns all series of the process. Look a series up once and keep the
// reference (valid as long as Metrics); look-ups take a lock. A name is asked
// for with one kind and one help text only.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, Labels labels = {});
  // gauge_from asks `read` at each scrape.
  void gauge_from(std::string_view name, std::string_view help, std::function<double()> read);
  // gauges_from does so for a family whose series come and go.
  using Series = std::vector<std::pair<Labels, double>>;
  void gauges_from(std::string_view name, std::string_view help, std::function<Series()> read);
  // text is the exposition (version 0.0.4): HELP, TYPE and samples sorted by
  // name.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::base

namespace quantumapi {
using base::Metrics;
}
