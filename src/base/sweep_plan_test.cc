#include "base/sweep_plan.h"

#include <gtest/gtest.h>

namespace quantumapi::base {
namespace {

TEST(SweepPlan, IsDueAtTheUsualSizeAndThenWhenAsManyCameAsWereLeft) {
  SweepPlan plan(10);
  EXPECT_FALSE(plan.is_due(9));
  EXPECT_TRUE(plan.is_due(10));
  plan.swept(10);  // nothing had run out
  EXPECT_FALSE(plan.is_due(19));
  EXPECT_TRUE(plan.is_due(20));
  plan.swept(3);
  EXPECT_FALSE(plan.is_due(9));
  EXPECT_TRUE(plan.is_due(10));
}

TEST(SweepPlan, LooksThroughAGrowingTableAFewTimesAnEntry) {
  SweepPlan plan(10);
  std::size_t looked_at = 0;
  constexpr std::size_t kEntries = 100'000;
  for (std::size_t size = 0; size < kEntries; ++size) {
    if (!plan.is_due(size)) continue;
    looked_at += size;
    plan.swept(size);
  }
  EXPECT_LE(looked_at, 2 * kEntries);
}

}  // namespace
}  // namespace quantumapi::base
