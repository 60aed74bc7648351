#include "client/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace quantumapi::sdk {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToItsLongestWithTheLaterHalfByChance) {
  Backoff backoff(milliseconds(100), milliseconds(1000));
  for (const int full : {100, 200, 400, 800, 1000, 1000}) {
    const milliseconds wait = backoff.next();
    EXPECT_GE(wait, milliseconds(full / 2));
    EXPECT_LE(wait, milliseconds(full));
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds(100));
}

TEST(Backoff, SpreadsItsWaitsOverTheWholeLaterHalf) {
  milliseconds shortest{1000};
  milliseconds longest{0};
  for (int draw = 0; draw < 300; ++draw) {
    const milliseconds wait = Backoff(milliseconds(1000), milliseconds(1000)).next();
    shortest = std::min(shortest, wait);
    longest = std::max(longest, wait);
  }
  EXPECT_LT(shortest, milliseconds(600)) << "callers who failed together come back together";
  EXPECT_GT(longest, milliseconds(900));
}

TEST(Backoff, APauseThatIsStoppedDoesNotWait) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(pause(std::chrono::hours(1), stop.get_token()));
  EXPECT_TRUE(pause(milliseconds(1), {}));
}

}  // namespace
}  // namespace quantumapi::sdk
