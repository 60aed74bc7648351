#include "client/backoff.h"

#include <gtest/gtest.h>

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

TEST(Backoff, APauseThatIsStoppedDoesNotWait) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(pause(std::chrono::hours(1), stop.get_token()));
  EXPECT_TRUE(pause(milliseconds(1), {}));
}

}  // namespace
}  // namespace quantumapi::sdk
