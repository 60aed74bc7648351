#include "http/line_budget.h"

#include <gtest/gtest.h>

namespace quantumapi::http {
namespace {

TEST(LineBudget, AllowsSoManyLinesInEachSecond) {
  LineBudget budget(2);
  EXPECT_EQ(budget.take(7), 0);
  EXPECT_EQ(budget.take(7), 0);
  EXPECT_EQ(budget.take(7), std::nullopt);
  EXPECT_EQ(budget.take(7), std::nullopt);
  EXPECT_EQ(budget.take(8), 2) << "how many were left out is said once";
  EXPECT_EQ(budget.take(8), 0);
  EXPECT_EQ(budget.take(8), std::nullopt);
}

TEST(LineBudget, FollowsAClockThatGoesBack) {
  LineBudget budget(1);
  EXPECT_EQ(budget.take(9), 0);
  EXPECT_EQ(budget.take(3), 0);
}

}  // namespace
}  // namespace quantumapi::http
