// UsageService: what tenants keep, measured once an hour, and the report over it.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"
#include "usage/repository.h"

namespace quantumapi::usage {

// Meter is how a product says what it keeps: `read` calls `each` once or more
// for a tenant; several calls add up.
struct Meter {
  using Each = std::function<void(TenantId, std::int64_t octets, std::int64_t items)>;
  std::string_view category;  // "secrets"
  std::function<Status(store::Transaction&, const Each&)> read;
};

// Period is whole days, both included.
struct Period {
  std::chrono::sys_days first;
  std::chrono::sys_days last;
};

// Accrued is one category, or all of them, over a period up to now.
struct Accrued {
  std::int64_t octets = 0;  // at the last sample
  std::int64_t items = 0;
  std::int64_t average = 0;  // octets, over the part of the period that has passed
  double gb_months = 0;      // GB is 2^30 octets, a month the calendar's
};

struct Report {
  Period period;
  std::chrono::sys_days as_of;  // today, or the period's last day where that is over
  std::optional<WallTime> last_sampled_at;
  Accrued total;
  std::vector<std::pair<std::string_view, Accrued>> categories;  // every one, in a fixed order
};

class UsageService {
 public:
  UsageService(store::Database& database, const Clock& clock, std::vector<Meter> meters)
      : database_(database), clock_(clock), meters_(std::move(meters)) {}

  // sample measures every tenant that keeps anything, and forgets what is older
  // than 400 days.
  Status sample() { return sample_at(clock_.wall(), std::nullopt); }
  // report counts a sample until the next one. A tenant that was not measured in
  // the last hour is measured first.
  Result<Report> report(TenantId tenant, const Period& period);

  // kCategories are those of the contract. No product keeps attachments yet.
  static constexpr std::string_view kCategories[] = {"secrets", "keys", "certificates",
                                                     "attachments", "log_archives"};

 private:
  // sample_at counts as measured at `now`; `also` is measured though it keeps nothing.
  Status sample_at(WallTime now, std::optional<TenantId> also);

  store::Database& database_;
  const Clock& clock_;
  std::vector<Meter> meters_;
};

}  // namespace quantumapi::usage
