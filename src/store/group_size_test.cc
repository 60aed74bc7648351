// How many a commit waits for.
#include "store/group_size.h"

#include <gtest/gtest.h>

#include <limits>

namespace quantumapi::store {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

// settled gives what is wanted after `count` commits that found `waiting`, all of them.
GroupSize settled(std::size_t waiting, int count) {
  GroupSize size;
  for (int i = 0; i < count; ++i) size.gathered(waiting, true);
  return size;
}

TEST(GroupSize, ASingleClientWaitsForNobody) {
  GroupSize size;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(size.wanted(), 1U);
    size.gathered(1, true);
  }
}

TEST(GroupSize, AFewClientsShareOneCommit) { EXPECT_EQ(settled(6, 1).wanted(), 6U); }

TEST(GroupSize, OfManyOneHalfIsWorkedForWhileTheOtherCommits) {
  EXPECT_EQ(settled(64, 1).wanted(), 32U);
}

TEST(GroupSize, HalfOfThemDoNotLookLikeAll) {
  GroupSize size = settled(64, 1);
  for (int i = 0; i < 20; ++i) size.gathered(32, false);
  EXPECT_EQ(size.wanted(), 32U);
}

TEST(GroupSize, LooksForNewClientsNowAndThen) {
  GroupSize size = settled(64, 1);
  int looks = 0;
  for (int i = 0; i < 320; ++i) {
    const bool looks_now = size.wanted() == kAll;
    looks += looks_now ? 1 : 0;
    size.gathered(looks_now ? 200 : size.wanted(), looks_now);
  }
  EXPECT_EQ(looks, 10);
  EXPECT_EQ(size.wanted(), 100U);
}

TEST(GroupSize, ForgetsClientsThatWent) {
  GroupSize size = settled(64, 1);
  for (int i = 0; i < 64; ++i) size.gathered(1, true);
  EXPECT_LE(size.wanted() == kAll ? 1 : size.wanted(), 7U);
  EXPECT_GE(settled(64, 1).wanted(), 32U);
}

}  // namespace
}  // namespace quantumapi::store
