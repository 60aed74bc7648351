#include "http/answer_budget.h"

#include <gtest/gtest.h>

namespace quantumapi::http {
namespace {

TEST(AnswerBudget, LetsThoseGiveWayThatWereNotReadForLongest) {
  AnswerBudget budget(100);
  AnswerCharge first(budget);
  AnswerCharge second(budget);
  AnswerCharge third(budget);
  AnswerCharge fourth(budget);
  EXPECT_TRUE(first.take(40));
  EXPECT_TRUE(second.take(40));
  first.moved();
  EXPECT_FALSE(first.gives_way() || second.gives_way());
  EXPECT_TRUE(third.take(40));
  EXPECT_TRUE(second.gives_way());
  EXPECT_FALSE(first.gives_way() || third.gives_way());
  second.release();
  EXPECT_TRUE(fourth.take(20));
  EXPECT_FALSE(first.gives_way() || third.gives_way() || fourth.gives_way());
}

TEST(AnswerBudget, HoldsNoMoreThanTwiceItselfUntilThoseHaveLeft) {
  AnswerBudget budget(100);
  AnswerCharge first(budget);
  AnswerCharge second(budget);
  AnswerCharge third(budget);
  EXPECT_TRUE(first.take(100));
  EXPECT_TRUE(second.take(100));
  EXPECT_TRUE(first.gives_way());
  EXPECT_FALSE(third.take(1));
  first.release();
  EXPECT_FALSE(first.gives_way());
  EXPECT_TRUE(third.take(50));
  EXPECT_TRUE(second.gives_way());
  EXPECT_FALSE(third.gives_way());
}

TEST(AnswerBudget, LetsOneThroughThatIsLargerThanAllOfIt) {
  AnswerBudget budget(100);
  {
    AnswerCharge large(budget);
    EXPECT_TRUE(large.take(1'000));
    EXPECT_FALSE(large.gives_way());
    AnswerCharge other(budget);
    EXPECT_FALSE(other.take(1));
  }
  AnswerCharge after(budget);
  EXPECT_TRUE(after.take(100));
  EXPECT_FALSE(after.gives_way());
}

}  // namespace
}  // namespace quantumapi::http
