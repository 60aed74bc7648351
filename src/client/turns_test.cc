#include "client/turns.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace quantumapi::sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Deadline within(milliseconds time, std::stop_token cancel = {}) {
  return {Call{.timeout = time, .cancel = std::move(cancel)}, seconds(30)};
}

TEST(Turns, OneIsInAndOthersWaitNoLongerThanTheirCalls) {
  Turns turns;
  std::optional<Turns::Turn> first = *turns.take("a", within(seconds(20)));
  EXPECT_TRUE(turns.take("b", within(seconds(20)))) << "another name";
  const auto late = turns.take("a", within(milliseconds(10)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Kind::kUnavailable);
  EXPECT_EQ(late.error().code, "timeout");
  std::stop_source stop;
  std::jthread ending([&] { stop.request_stop(); });
  EXPECT_EQ(turns.take("a", within(seconds(20), stop.get_token())).error().kind, Kind::kCancelled);
  std::jthread leaving([&] { first.reset(); });
  EXPECT_TRUE(turns.take("a", within(seconds(20))));
  EXPECT_TRUE(turns.take("a", within(seconds(20)))) << "it was left again";
}

TEST(Deadline, OfALongestTimeIsNotOver) {
  const Call rest = within(milliseconds::max()).rest();
  EXPECT_GT(rest.timeout, std::chrono::hours(24 * 365));
  EXPECT_LT(within(milliseconds::min()).rest().timeout.count(), 0);
  EXPECT_LT(within(milliseconds(-1)).rest().timeout.count(), 0);
  EXPECT_GT(within(milliseconds(0)).rest().timeout, seconds(20)) << "the client's";
}

}  // namespace
}  // namespace quantumapi::sdk
