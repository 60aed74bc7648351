#include <gtest/gtest.h>

#include <random>

#include "crypto/entropy.h"

namespace quantumapi::crypto {
namespace {

Bytes good_octets(std::size_t size) {
  std::mt19937 engine(7);  // a fixed seed: the same octets in each run
  Bytes out(size);
  for (std::uint8_t& octet : out) octet = static_cast<std::uint8_t>(engine());
  return out;
}

TEST(HealthTest, HasTheCutoffsOfSp80090bForAnAlphaOfTwoToTheMinus40) {
  EXPECT_EQ(HealthTest().repetition_cutoff(), 41U);
  EXPECT_EQ(HealthTest().proportion_cutoff(), 336U);
  EXPECT_EQ(HealthTest(0.5).repetition_cutoff(), 81U);
  EXPECT_EQ(HealthTest(0.5).proportion_cutoff(), 432U);
}

TEST(HealthTest, NeverClaimsMoreThanOneBitAnOctet) {
  EXPECT_EQ(HealthTest(8.0).repetition_cutoff(), 41U);
  EXPECT_EQ(HealthTest(8.0).proportion_cutoff(), 336U);
}

TEST(HealthTest, PassesAMillionGoodOctets) {
  HealthTest test;
  EXPECT_TRUE(test.feed(good_octets(1'000'000)));
}

TEST(HealthTest, FailsOnTheFortyFirstRepetitionAndNotBefore) {
  HealthTest test;
  EXPECT_TRUE(test.feed(Bytes(40, 5)));
  EXPECT_TRUE(test.feed(Bytes(1, 6)));
  EXPECT_TRUE(test.feed(Bytes(40, 5)));
  EXPECT_FALSE(test.feed(Bytes(1, 5)));
}

TEST(HealthTest, CountsRepetitionsAcrossReads) {
  HealthTest test;
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(test.feed(Bytes(1, 0)));
  EXPECT_FALSE(test.feed(Bytes(1, 0)));
}

// window is 512 octets that begin with 9 and hold it `count` times, never in a long run.
Bytes window(std::size_t count) {
  Bytes out;
  std::size_t others = HealthTest::kWindow - count;
  while (out.size() < HealthTest::kWindow) {
    for (int i = 0; i < 2 && count > 0; ++i, --count) out.push_back(9);
    if (others > 0) {
      out.push_back(static_cast<std::uint8_t>(others % 2));
      --others;
    }
  }
  return out;
}

TEST(HealthTest, FailsWhenOneOctetFills336Of512AndNotBefore) {
  HealthTest fine;
  EXPECT_TRUE(fine.feed(window(335)));
  HealthTest biased;
  EXPECT_FALSE(biased.feed(window(336)));
}

TEST(HealthTest, BeginsANewWindowAfterEach512Octets) {
  HealthTest test;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(test.feed(window(335))) << i;
  EXPECT_FALSE(test.feed(window(336)));
}

TEST(HealthTest, StaysFailed) {
  HealthTest test;
  EXPECT_FALSE(test.feed(Bytes(41, 0)));
  EXPECT_FALSE(test.feed(good_octets(100'000)));
  EXPECT_FALSE(test.healthy());
}

}  // namespace
}  // namespace quantumapi::crypto
