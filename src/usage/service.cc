#include "usage/service.h"

#include <algorithm>
#include <map>

#include "base/calendar.h"

namespace quantumapi::usage {
namespace {

using std::chrono::sys_days;

constexpr std::chrono::hours kEvery{1};
constexpr std::chrono::days kKept{400};
constexpr double kGigabyte = 1024.0 * 1024.0 * 1024.0;

using Measured = std::map<TenantId, Amounts>;

// Sum adds up octets over time.
class Sum {
 public:
  // add counts `octets` from `from` to `until`, each month by its own length.
  void add(std::int64_t octets, WallTime from, WallTime until) {
    while (from < until) {
      const sys_days month = calendar::first_of_month(calendar::day_of(from));
      const sys_days next = calendar::next_month(month);
      const WallTime end = std::min(until, calendar::begin_of(next));
      const double share = static_cast<double>((end - from).count()) * static_cast<double>(octets);
      octet_micros_ += share;
      gb_months_ +=
          share / kGigabyte /
          static_cast<double>((calendar::begin_of(next) - calendar::begin_of(month)).count());
      from = end;
    }
  }
  void add(const Sum& other) {
    octet_micros_ += other.octet_micros_;
    gb_months_ += other.gb_months_;
  }
  // put gives the sums, the average over `passed` microseconds.
  void put(std::int64_t passed, Accrued& out) const {
    out.gb_months = gb_months_;
    if (passed > 0)
      out.average = static_cast<std::int64_t>(octet_micros_ / static_cast<double>(passed));
  }

 private:
  double octet_micros_ = 0;
  double gb_months_ = 0;
};

// Span is the part of a period that has passed.
struct Span {
  WallTime from;
  WallTime until;
};

// sum_of goes through the samples of one category, oldest first.
Sum sum_of(const std::vector<Sample>& samples, std::string_view category, const Span& span,
           Accrued& out) {
  Sum sum;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto found = samples[i].amounts.find(category);
    const Amount amount = found == samples[i].amounts.end() ? Amount{} : found->second;
    const WallTime end = i + 1 < samples.size() ? samples[i + 1].at : span.until;
    sum.add(amount.octets, std::max(samples[i].at, span.from), end);
    out.octets = amount.octets;
    out.items = amount.items;
  }
  return sum;
}

}  // namespace

Status UsageService::sample_at(WallTime now, std::optional<TenantId> also) {
  TRY_ASSIGN(const auto measured, database_.read([&](store::Transaction& tx) -> Result<Measured> {
    Measured found;
    if (also) found[*also] = {};
    for (const Meter& meter : meters_)
      TRY(meter.read(tx, [&](TenantId tenant, std::int64_t octets, std::int64_t items) {
        Amount& amount = found[tenant][std::string(meter.category)];
        amount.octets += octets;
        amount.items += items;
      }));
    return found;
  }));
  return database_.change([&](store::Transaction& tx) -> Status {
    for (const auto& [tenant, amounts] : measured) TRY(repository::put(tx, tenant, {now, amounts}));
    return repository::drop_before(tx, now - kKept);
  });
}

Result<Report> UsageService::report(TenantId tenant, const Period& period) {
  const WallTime now = clock_.wall();
  const auto newest = [&](store::Transaction& tx) { return repository::newest(tx, tenant); };
  TRY_ASSIGN(std::optional<WallTime> sampled_at, database_.read(newest));
  if (!sampled_at || *sampled_at + kEvery <= now) {
    TRY(sample_at(now, tenant));
    sampled_at = now;
  }
  const WallTime begin = calendar::begin_of(period.first);
  const WallTime end = calendar::begin_of(period.last + std::chrono::days(1));
  const Span span{begin, std::clamp(now, begin, end)};
  TRY_ASSIGN(const auto samples, database_.read([&](store::Transaction& tx) {
    return repository::between(tx, tenant, span.from, span.until);
  }));
  Report report{period, std::min(calendar::day_of(now), period.last), sampled_at, {}, {}};
  Sum total;
  const std::int64_t passed = (span.until - span.from).count();
  for (const std::string_view category : kCategories) {
    Accrued accrued;
    const Sum sum = sum_of(samples, category, span, accrued);
    sum.put(passed, accrued);
    total.add(sum);
    report.total.octets += accrued.octets;
    report.total.items += accrued.items;
    report.categories.emplace_back(category, accrued);
  }
  total.put(passed, report.total);
  return report;
}

}  // namespace quantumapi::usage
