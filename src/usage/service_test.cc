#include "usage/service.h"

#include <gtest/gtest.h>

#include "base/calendar.h"
#include "store/testing/test_store.h"

namespace quantumapi::usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::sys_days;

constexpr std::int64_t kGigabyte = std::int64_t{1} << 30;

template <typename T>
T expect(Result<T> result) {
  if (result) return *std::move(result);
  ADD_FAILURE() << result.error().message;
  return T{};
}

sys_days day(std::string_view text) { return *calendar::parse_day("day", text); }

class Usage : public ::testing::TestWithParam<store::Dialect> {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.ready()); }

  // keep sets what the meters read of a tenant.
  void keep(TenantId tenant, std::string_view category, std::int64_t octets, std::int64_t items) {
    kept_[{tenant, std::string(category)}] = {octets, items};
  }
  Meter meter(std::string_view category) {
    return {category, [this, category](store::Transaction&, const Meter::Each& each) -> Status {
              ++reads_;
              clock_.advance(passes_);
              for (const auto& [place, amount] : kept_)
                if (place.second == category) each(place.first, amount.octets, amount.items);
              return {};
            }};
  }
  Report report(std::string_view first, std::string_view last) {
    return expect(usage_.report(mine_, {day(first), day(last)}));
  }
  static Accrued of(const Report& report, std::string_view category) {
    for (const auto& [id, accrued] : report.categories)
      if (id == category) return accrued;
    ADD_FAILURE() << category;
    return {};
  }

  base::ManualClock clock_{calendar::begin_of(day("2026-11-01"))};
  store::testing::TestStore store_{GetParam(), &clock_};
  std::map<std::pair<TenantId, std::string>, Amount> kept_;
  int reads_ = 0;
  std::chrono::milliseconds passes_{0};  // while one meter is read
  UsageService usage_{store_.database(), clock_, {meter("secrets"), meter("keys")}};
  TenantId mine_ = TenantId::make(clock_.wall());
  TenantId other_ = TenantId::make(clock_.wall());
};
INSTANTIATE_TEST_SUITE_P(Engines, Usage, store::testing::engines(), store::testing::name_of);

TEST_P(Usage, AGigabyteKeptForAMonthIsAGigabyteMonth) {
  keep(mine_, "secrets", kGigabyte, 7);
  EXPECT_TRUE(usage_.sample());
  clock_.advance(days(30));
  const Report november = report("2026-11-01", "2026-11-30");
  EXPECT_EQ(of(november, "secrets").octets, kGigabyte);
  EXPECT_EQ(of(november, "secrets").items, 7);
  EXPECT_EQ(of(november, "secrets").average, kGigabyte);
  EXPECT_NEAR(of(november, "secrets").gb_months, 1.0, 1e-9);
  EXPECT_NEAR(november.total.gb_months, 1.0, 1e-9);
  EXPECT_EQ(calendar::to_text(november.as_of), "2026-11-30");
}

TEST_P(Usage, ASampleCountsUntilTheNextOne) {
  keep(mine_, "secrets", 100, 1);
  EXPECT_TRUE(usage_.sample());
  clock_.advance(days(10));
  keep(mine_, "secrets", 400, 2);
  keep(mine_, "keys", 50, 1);
  EXPECT_TRUE(usage_.sample());
  clock_.advance(days(5));
  const Report half = report("2026-11-01", "2026-11-30");
  EXPECT_EQ(of(half, "secrets").average, 200);  // ten days of 100, five of 400
  EXPECT_EQ(of(half, "secrets").octets, 400);
  EXPECT_EQ(half.total.octets, 450);
  EXPECT_EQ(half.total.items, 3);
  EXPECT_EQ(calendar::to_text(half.as_of), "2026-11-16");
}

TEST_P(Usage, WhatStoodBeforeThePeriodCountsFromItsFirstDay) {
  keep(mine_, "secrets", 100, 1);
  EXPECT_TRUE(usage_.sample());
  clock_.advance(days(40));
  const Report december = report("2026-12-01", "2026-12-31");
  EXPECT_EQ(of(december, "secrets").average, 100);
  EXPECT_NEAR(of(december, "secrets").gb_months, 100.0 * 10 / 31 / kGigabyte, 1e-12);
}

TEST_P(Usage, EachMonthIsCountedByItsOwnLength) {
  keep(mine_, "secrets", kGigabyte, 1);
  EXPECT_TRUE(usage_.sample());
  clock_.advance(days(61));
  EXPECT_NEAR(report("2026-11-01", "2026-12-31").total.gb_months, 2.0, 1e-9);
}

TEST_P(Usage, BeforeTheFirstSampleNothingIsClaimed) {
  clock_.advance(days(15));
  keep(mine_, "secrets", 100, 1);
  EXPECT_TRUE(usage_.sample());
  clock_.advance(days(15));
  EXPECT_EQ(of(report("2026-11-01", "2026-11-30"), "secrets").average, 50);
  const Report october = report("2026-10-01", "2026-10-31");
  EXPECT_EQ(october.total.octets, 0);
  EXPECT_EQ(october.total.gb_months, 0.0);
}

TEST_P(Usage, APeriodToComeHasAccruedNothing) {
  keep(mine_, "secrets", 100, 1);
  const Report later = report("2027-01-01", "2027-01-31");
  EXPECT_EQ(later.total.octets, 100);
  EXPECT_EQ(later.total.average, 0);
  EXPECT_EQ(later.total.gb_months, 0.0);
}

TEST_P(Usage, WhatIsGoneIsZeroInTheNextSample) {
  keep(mine_, "secrets", 100, 1);
  keep(mine_, "keys", 10, 1);
  EXPECT_TRUE(usage_.sample());
  kept_.erase({mine_, "secrets"});
  clock_.advance(hours(1));
  EXPECT_TRUE(usage_.sample());
  EXPECT_EQ(of(report("2026-11-01", "2026-11-30"), "secrets").octets, 0);
}

TEST_P(Usage, ATenantWithoutASampleOfTheLastHourIsMeasuredOnce) {
  const Report first = report("2026-11-01", "2026-11-30");
  EXPECT_EQ(first.last_sampled_at, clock_.wall());
  EXPECT_EQ(first.categories.size(), 5U);
  const int reads = reads_;
  report("2026-11-01", "2026-11-30");
  EXPECT_EQ(reads_, reads);
  clock_.advance(hours(1));
  report("2026-11-01", "2026-11-30");
  EXPECT_GT(reads_, reads);
}

// The clock goes on between the question and the measuring.
TEST_P(Usage, AReportHoldsTheSampleThatWasTakenForIt) {
  keep(mine_, "secrets", 100, 1);
  passes_ = std::chrono::milliseconds(3);
  const Report first = report("2026-11-01", "2026-11-30");
  EXPECT_EQ(of(first, "secrets").octets, 100);
  keep(mine_, "secrets", 200, 2);
  clock_.advance(hours(1));
  const Report second = report("2026-11-01", "2026-11-30");
  EXPECT_EQ(of(second, "secrets").octets, 200);
  EXPECT_GT(second.last_sampled_at, first.last_sampled_at);
}

TEST_P(Usage, OfAnotherTenantIsNotMine) {
  keep(other_, "secrets", 100, 1);
  EXPECT_TRUE(usage_.sample());
  EXPECT_EQ(report("2026-11-01", "2026-11-30").total.octets, 0);
}

TEST_P(Usage, OlderThanFourHundredDaysIsForgotten) {
  keep(mine_, "secrets", 100, 1);
  EXPECT_TRUE(usage_.sample());
  clock_.advance(days(401));
  EXPECT_TRUE(usage_.sample());
  EXPECT_EQ(of(report("2026-11-01", "2026-11-30"), "secrets").average, 0);
}

}  // namespace
}  // namespace quantumapi::usage
