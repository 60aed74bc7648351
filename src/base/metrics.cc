#include "base/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <variant>

namespace quantumapi::base {
namespace {

struct Bucket {
  std::uint64_t nanoseconds;
  std::string_view seconds;  // the label `le`
};

constexpr std::array<Bucket, Histogram::kBuckets> kBounds = {{
    {50'000, "0.00005"},
    {100'000, "0.0001"},
    {250'000, "0.00025"},
    {500'000, "0.0005"},
    {1'000'000, "0.001"},
    {2'500'000, "0.0025"},
    {5'000'000, "0.005"},
    {10'000'000, "0.01"},
    {25'000'000, "0.025"},
    {50'000'000, "0.05"},
    {100'000'000, "0.1"},
    {250'000'000, "0.25"},
    {500'000'000, "0.5"},
    {1'000'000'000, "1"},
    {2'500'000'000, "2.5"},
    {5'000'000'000, "5"},
    {10'000'000'000, "10"},
}};

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
}

// label_text gives `a="1",b="2"`, sorted, so that the order in which a caller
// lists labels makes no second series.
std::string label_text(Labels labels) {
  std::ranges::sort(labels);
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    append_escaped(text, value, true);
    text += '"';
  }
  return text;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

void append_sample(std::string& out, std::string_view name, std::string_view labels,
                   std::string_view value) {
  out += name;
  if (!labels.empty()) {
    out += '{';
    out += labels;
    out += '}';
  }
  out += ' ';
  out += value;
  out += '\n';
}

// Using one name for two kinds is a defect that the first scrape would hide.
[[noreturn]] void misused(std::string_view name) {
  std::fprintf(stderr, "metric %.*s is asked for with two kinds or help texts\n",
               static_cast<int>(name.size()), name.data());
  std::abort();
}

}  // namespace

void Histogram::observe(std::chrono::nanoseconds duration) noexcept {
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  std::size_t i = 0;
  while (i < kBuckets && nanoseconds > kBounds[i].nanoseconds) ++i;
  counts_[i].fetch_add(1, std::memory_order_relaxed);
  sum_nanoseconds_.fetch_add(nanoseconds, std::memory_order_relaxed);
}

struct Metrics::Impl {
  template <typename Series>
  using BySeries = std::map<std::string, std::unique_ptr<Series>, std::less<>>;
  using Reader = std::function<Metrics::Series()>;
  using Kind = std::variant<BySeries<Counter>, BySeries<Gauge>, BySeries<Histogram>, Reader>;

  struct Family {
    std::string help;
    Kind series;
  };

  template <typename Series>
  Series& find_or_make(std::string_view name, std::string_view help, Labels labels) {
    const std::string text = label_text(std::move(labels));
    const std::lock_guard lock(mutex);
    Family& family = find_family(name, help, BySeries<Series>());
    auto* const all = std::get_if<BySeries<Series>>(&family.series);
    if (all == nullptr) misused(name);
    auto& series = (*all)[text];
    if (series == nullptr) series = std::make_unique<Series>();
    return *series;
  }

  Family& find_family(std::string_view name, std::string_view help, Kind kind) {
    const auto known = families.find(name);
    if (known == families.end())
      return families.emplace(name, Family{std::string(help), std::move(kind)}).first->second;
    if (known->second.help != help) misused(name);
    return known->second;
  }

  // read_all asks the readers without holding the lock, as they may take locks
  // of their own.
  std::map<std::string, Metrics::Series, std::less<>> read_all() {
    std::vector<std::pair<std::string, Reader>> readers;
    {
      const std::lock_guard lock(mutex);
      for (const auto& [name, family] : families)
        if (const auto* reader = std::get_if<Reader>(&family.series))
          readers.emplace_back(name, *reader);
    }
    std::map<std::string, Metrics::Series, std::less<>> values;
    for (const auto& [name, reader] : readers) values.emplace(name, reader());
    return values;
  }

  static void append_histogram(std::string& out, const std::string& name, const std::string& labels,
                               const Histogram& histogram) {
    const std::string prefix = labels.empty() ? "" : labels + ",";
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= Histogram::kBuckets; ++i) {
      total += histogram.counts_[i].load(std::memory_order_relaxed);
      const std::string_view bound = i < Histogram::kBuckets ? kBounds[i].seconds : "+Inf";
      append_sample(out, name + "_bucket", prefix + "le=\"" + std::string(bound) + "\"",
                    std::to_string(total));
    }
    const auto sum = histogram.sum_nanoseconds_.load(std::memory_order_relaxed);
    append_sample(out, name + "_sum", labels, number_text(static_cast<double>(sum) / 1e9));
    append_sample(out, name + "_count", labels, std::to_string(total));
  }

  std::mutex mutex;
  std::map<std::string, Family, std::less<>> families;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
  return impl_->find_or_make<Counter>(name, help, std::move(labels));
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
  return impl_->find_or_make<Gauge>(name, help, std::move(labels));
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, Labels labels) {
  return impl_->find_or_make<Histogram>(name, help, std::move(labels));
}

void Metrics::gauge_from(std::string_view name, std::string_view help,
                         std::function<double()> read) {
  gauges_from(name, help, [read = std::move(read)] { return Series{{Labels(), read()}}; });
}

void Metrics::gauges_from(std::string_view name, std::string_view help,
                          std::function<Series()> read) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->families.contains(name)) misused(name);
  impl_->find_family(name, help, std::move(read));
}

std::string Metrics::text() const {
  const auto values = impl_->read_all();
  const std::lock_guard lock(impl_->mutex);
  std::string out;
  for (const auto& [name, family] : impl_->families) {
    const auto begin = [&](std::string_view type) {
      out += "# HELP " + name + ' ';
      append_escaped(out, family.help, false);
      out += "\n# TYPE " + name + ' ';
      out += type;
      out += '\n';
    };
    if (const auto* counters = std::get_if<Impl::BySeries<Counter>>(&family.series)) {
      begin("counter");
      for (const auto& [labels, counter] : *counters)
        append_sample(out, name, labels, std::to_string(counter->value()));
    } else if (const auto* gauges = std::get_if<Impl::BySeries<Gauge>>(&family.series)) {
      begin("gauge");
      for (const auto& [labels, gauge] : *gauges)
        append_sample(out, name, labels, number_text(gauge->value()));
    } else if (const auto* all = std::get_if<Impl::BySeries<Histogram>>(&family.series)) {
      begin("histogram");
      for (const auto& [labels, histogram] : *all)
        Impl::append_histogram(out, name, labels, *histogram);
    } else if (const auto value = values.find(name); value != values.end()) {
      begin("gauge");
      for (const auto& [labels, number] : value->second)
        append_sample(out, name, label_text(labels), number_text(number));
    }
  }
  return out;
}

}  // namespace quantumapi::base
