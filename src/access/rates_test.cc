#include "access/rates.h"

#include <gtest/gtest.h>

#include <thread>

#include "access/testing/test_access.h"

namespace quantumapi::access {
namespace {

using keyring::testing::expect;
using keyring::testing::expect_code;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Rate : public testing::AccessTest {
 protected:
  void SetUp() override {
    AccessTest::SetUp();
    key_ = ApiKeyId::make(clock().wall());
  }
  // advance lets time pass on every clock: this server's and PostgreSQL's.
  void advance(std::chrono::microseconds by) {
    clock().advance(by);
    store_clock_.advance(by);
  }
  base::ManualClock& store_clock() { return store_clock_; }
  // passed is how many of `tries` requests pass.
  int passed(Rates& rates, std::int64_t limit, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i) {
      const Status status = rates.pass(key_, limit, true);
      count += status ? 1 : 0;
      EXPECT_TRUE(status || status.error().code == Code::kRateLimited) << status.error().message;
    }
    return count;
  }
  ApiKeyId key_;

 private:
  base::ManualClock store_clock_{WallTime{1'500'000'000'000'000}};
};
INSTANTIATE_TEST_SUITE_P(Engines, Rate, store::testing::engines(), store::testing::name_of);

TEST_P(Rate, LetsTheLimitPassAndThenOneAnInterval) {
  Rates rates(db(), clock(), &store_clock());
  EXPECT_EQ(passed(rates, 30, 40), 30);
  advance(seconds(2) - milliseconds(1));
  EXPECT_EQ(passed(rates, 30, 1), 0);
  advance(milliseconds(1));
  EXPECT_EQ(passed(rates, 30, 5), 1);
  advance(seconds(600));
  EXPECT_EQ(passed(rates, 30, 40), 30) << "a long rest is worth no more than a minute";
}

TEST_P(Rate, SaysInWholeSecondsWhenToTryAgain) {
  Rates rates(db(), clock(), &store_clock());
  passed(rates, 6, 6);
  const Status refused = rates.pass(key_, 6, true);
  expect_code(refused, Code::kRateLimited, "rate_limit_exceeded");
  EXPECT_EQ(refused.error().retry_after_seconds, 10);
  advance(milliseconds(9500));
  EXPECT_EQ(rates.pass(key_, 6, true).error().retry_after_seconds, 1);
  advance(milliseconds(500));
  EXPECT_TRUE(rates.pass(key_, 6, true));

  Rates fast(db(), clock(), &store_clock());
  key_ = ApiKeyId::make(clock().wall());
  passed(fast, 6000, 6000);
  EXPECT_EQ(fast.pass(key_, 6000, true).error().retry_after_seconds, 1) << "never 0";
}

TEST_P(Rate, IsNotRefilledByTheWallClock) {
  Rates rates(db(), clock(), &store_clock());
  passed(rates, 10, 10);
  for (const auto jump : {std::chrono::hours(24), -std::chrono::hours(48)}) {
    clock().jump_wall(jump);
    EXPECT_EQ(passed(rates, 10, 3), 0);
  }
  advance(seconds(6));
  EXPECT_EQ(passed(rates, 10, 3), 1);
}

TEST_P(Rate, ShowsWhatIsLeft) {
  Rates rates(db(), clock(), &store_clock());
  EXPECT_EQ(expect(rates.state(key_, 10)).remaining, 10);
  passed(rates, 10, 4);
  const auto state = expect(rates.state(key_, 10));
  EXPECT_EQ(state.remaining, 6);
  EXPECT_EQ(state.reset, clock().wall() + seconds(24));
  passed(rates, 10, 10);
  EXPECT_EQ(expect(rates.state(key_, 10)).remaining, 0);
}

TEST_P(Rate, OfOneKeyIsNotAnothers) {
  Rates rates(db(), clock(), &store_clock());
  passed(rates, 5, 6);
  key_ = ApiKeyId::make(clock().wall());
  EXPECT_EQ(passed(rates, 5, 6), 5);
}

TEST_P(Rate, IsCountedRightFromManyThreads) {
  Rates rates(db(), clock(), &store_clock());
  std::atomic<int> count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { count += passed(rates, 100, 50); });
  for (std::thread& thread : threads) thread.join();
  // The clock stands: what a burst leaves in slices is spent by the last comer.
  EXPECT_EQ(count, 100);
}

class SharedRate : public Rate {};
INSTANTIATE_TEST_SUITE_P(Postgres, SharedRate, ::testing::Values(store::Dialect::kPostgres),
                         store::testing::name_of);

TEST_P(SharedRate, IsOneBudgetForAllReplicas) {
  Rates first(db(), clock(), &store_clock());
  Rates second(db(), clock(), &store_clock());
  Rates third(db(), clock(), &store_clock());
  int count = 0;
  for (int i = 0; i < 100; ++i)
    count += passed(first, 100, 1) + passed(second, 100, 1) + passed(third, 100, 1);
  EXPECT_LE(count, 110);
  EXPECT_GE(count, 90);
}

TEST_P(SharedRate, IsOneBudgetWhereTheClocksOfReplicasDiffer) {
  base::ManualClock ahead(clock().wall() + seconds(600));
  Rates first(db(), clock(), &store_clock());
  Rates second(db(), ahead, &store_clock());
  int count = passed(first, 60, 100) + passed(second, 60, 100);
  EXPECT_LE(count, 66);
  for (int i = 0; i < 60; ++i) {
    advance(seconds(1));
    ahead.advance(seconds(1));
    count += passed(second, 60, 2) + passed(first, 60, 2);
  }
  EXPECT_LE(count, 132);
  EXPECT_GE(count, 108);
  EXPECT_LE(expect(first.state(key_, 60)).reset, clock().wall() + seconds(60));
  EXPECT_GT(expect(second.state(key_, 60)).reset, ahead.wall()) << "told by the asked one's clock";
}

// What nothing stands for: the time that the server of the database says.
TEST_P(SharedRate, GoesByTheClockOfPostgres) {
  base::ManualClock ahead(clock().wall() + seconds(600));
  Rates first(db(), clock());
  Rates second(db(), ahead);
  const auto began = std::chrono::steady_clock::now();
  int count = 0;
  for (int i = 0; i < 80; ++i) count += passed(first, 60, 1) + passed(second, 60, 1);
  const auto passed_time = std::chrono::steady_clock::now() - began;
  EXPECT_GE(count, 60);
  EXPECT_LE(count, 66 + std::chrono::ceil<seconds>(passed_time).count());
}

// A database server whose clock was set back costs a key a minute's requests, not that time.
TEST_P(SharedRate, IsNotHeldByAClockThatWasAhead) {
  Rates rates(db(), clock(), &store_clock());
  passed(rates, 60, 1);
  store_clock().jump_wall(-seconds(600));
  advance(seconds(3));  // what was held runs out
  passed(rates, 60, 60);
  const Status refused = rates.pass(key_, 60, true);
  expect_code(refused, Code::kRateLimited, "rate_limit_exceeded");
  EXPECT_EQ(refused.error().retry_after_seconds, 1);
  EXPECT_LE(expect(rates.state(key_, 60)).reset, clock().wall() + seconds(60));
  advance(seconds(30));
  EXPECT_GE(passed(rates, 60, 60), 30);
}

TEST_P(SharedRate, IsNoMoreThanATenthAboveWhileTimePasses) {
  Rates first(db(), clock(), &store_clock());
  Rates second(db(), clock(), &store_clock());
  passed(first, 600, 600);
  passed(second, 600, 600);
  // The budget is spent; a minute refills it once, however many replicas ask.
  int count = 0;
  for (int i = 0; i < 600; ++i) {
    advance(milliseconds(100));
    count += passed(first, 600, 2) + passed(second, 600, 2);
  }
  EXPECT_LE(count, 660);
  EXPECT_GE(count, 540);
}

TEST_P(SharedRate, WhatAReplicaHoldsRunsOut) {
  Rates first(db(), clock(), &store_clock());
  passed(first, 1000, 20);  // takes slices, and holds the rest of the last
  const auto before = expect(first.state(key_, 1000)).remaining;
  advance(seconds(600));
  EXPECT_EQ(expect(first.state(key_, 1000)).remaining, 1000);
  EXPECT_LT(before, 1000);
  EXPECT_EQ(passed(first, 1000, 1100), 1000) << "what was held is not added to a full budget";
}

TEST_P(SharedRate, AsksTheStoreOnlyWhereItMayBlock) {
  Rates rates(db(), clock(), &store_clock());
  expect_code(rates.pass(key_, 10, false), Code::kWouldBlock);
  EXPECT_EQ(passed(rates, 10, 11), 10);
  expect_code(rates.pass(key_, 10, false), Code::kRateLimited);
}

}  // namespace
}  // namespace quantumapi::access
