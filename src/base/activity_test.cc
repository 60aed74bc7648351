// What counts as work, and who is told that none is left.
#include "base/activity.h"

#include <gtest/gtest.h>

#include <future>

#include "base/worker_pool.h"

namespace quantumapi::base {
namespace {

TEST(Activity, ToldOnceTheLastWorkEnds) {
  Activity activity;
  int idle = 0;
  activity.watch([&] { ++idle; });
  EXPECT_TRUE(activity.none());
  activity.begin();
  activity.begin();
  activity.end();
  EXPECT_EQ(idle, 0);
  EXPECT_FALSE(activity.none());
  activity.end();
  EXPECT_EQ(idle, 1);
  EXPECT_TRUE(activity.none());
  activity.watch({});
  activity.begin();
  activity.end();
  EXPECT_EQ(idle, 1);
}

TEST(Activity, ABusyThreadThatWaitsDoesNotCount) {
  Activity activity;
  activity.begin();
  {
    const Busy busy(&activity);
    {
      const Waiting waiting;
      EXPECT_TRUE(activity.none());
      {
        const Waiting within;  // waits already
        EXPECT_TRUE(activity.none());
      }
      EXPECT_TRUE(activity.none());
    }
    EXPECT_FALSE(activity.none());
  }
  EXPECT_TRUE(activity.none());
}

TEST(Activity, AThreadThatIsNotBusyMayWait) {
  Activity activity;
  activity.begin();  // another's
  {
    const Waiting waiting;
    EXPECT_FALSE(activity.none());
  }
  EXPECT_FALSE(activity.none());
  const Busy nobody(nullptr);
  const Waiting waiting;
}

TEST(Activity, ATaskOfThePoolIsWorkFromItsSubmissionToItsEnd) {
  Activity activity;
  std::promise<void> idle;
  {
    WorkerPool pool(1, 4, &activity);
    std::promise<void> release;
    std::promise<void> second;
    ASSERT_TRUE(pool.submit([&] { release.get_future().wait(); }));
    ASSERT_TRUE(pool.submit([&] { second.set_value(); }));
    EXPECT_FALSE(activity.none());
    activity.watch([&] { idle.set_value(); });
    release.set_value();
    second.get_future().wait();
    idle.get_future().wait();  // once: set twice it would throw
  }
  EXPECT_TRUE(activity.none());
}

}  // namespace
}  // namespace quantumapi::base
