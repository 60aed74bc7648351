#include "server/refused_rates.h"

#include <gtest/gtest.h>

namespace quantumapi::server {
namespace {

using std::chrono::milliseconds;

constexpr SteadyTime kBegin{std::chrono::seconds(100)};

AuditEvent refusal(std::uint8_t key = 1) {
  AuditEvent event;
  event.actor.api_key.octets.fill(key);
  return event;
}

// stands_for is how many refusals the event made stands for; 0 where none was.
std::uint32_t stands_for(const std::optional<AuditEvent>& event) {
  return event ? event->failed_items.value_or(0) : 0;
}
std::uint32_t stand_for(const std::vector<AuditEvent>& events) {
  std::uint32_t sum = 0;
  for (const AuditEvent& event : events) sum += event.failed_items.value_or(0);
  return sum;
}

TEST(RefusedRates, LetOneASecondIntoTheLogAndSayHowManyItStandsFor) {
  RefusedRates refused;
  EXPECT_EQ(stands_for(refused.take(refusal(), kBegin)), 1U);
  for (int i = 1; i < 1000; ++i)
    EXPECT_FALSE(refused.take(refusal(), kBegin + milliseconds(i))) << i;
  EXPECT_EQ(stands_for(refused.take(refusal(), kBegin + milliseconds(1000))), 1000U);
  EXPECT_EQ(stands_for(refused.take(refusal(), kBegin + milliseconds(5000))), 1U);
}

TEST(RefusedRates, CountEachKeyByItself) {
  RefusedRates refused;
  EXPECT_EQ(stands_for(refused.take(refusal(1), kBegin)), 1U);
  EXPECT_EQ(stands_for(refused.take(refusal(2), kBegin)), 1U);
  EXPECT_FALSE(refused.take(refusal(1), kBegin));
}

TEST(RefusedRates, AddUpThoughNothingIsRefusedAnyMore) {
  RefusedRates refused;
  std::uint32_t sum = 0;
  for (int i = 0; i < 1000; ++i) sum += stands_for(refused.take(refusal(), kBegin));
  EXPECT_EQ(sum, 1U);
  EXPECT_TRUE(refused.left(kBegin + milliseconds(999)).empty()) << "the second is not over";
  const auto left = refused.left(kBegin + milliseconds(1000));
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].actor.api_key, refusal().actor.api_key);
  EXPECT_EQ(sum + stand_for(left), 1000U);
  // It was the event of its second.
  EXPECT_FALSE(refused.take(refusal(), kBegin + milliseconds(1500)));
  EXPECT_EQ(stand_for(refused.left(kBegin + milliseconds(2000))), 1U);
  EXPECT_TRUE(refused.left(kBegin + milliseconds(3000)).empty());
}

TEST(RefusedRates, GiveAllAtTheEnd) {
  RefusedRates refused;
  for (int i = 0; i < 10; ++i) {
    (void)refused.take(refusal(1), kBegin);
    (void)refused.take(refusal(2), kBegin);
  }
  const auto left = refused.all_left();
  EXPECT_EQ(left.size(), 2U);
  EXPECT_EQ(stand_for(left), 18U);
  EXPECT_TRUE(refused.all_left().empty());
}

TEST(RefusedRates, KeepTheCountOfAnEventThatCouldNotBeRecorded) {
  RefusedRates refused;
  for (int i = 0; i < 5; ++i) (void)refused.take(refusal(), kBegin);
  auto left = refused.all_left();
  ASSERT_EQ(left.size(), 1U);
  (void)refused.take(refusal(), kBegin);
  refused.give_back(std::move(left[0]));
  EXPECT_EQ(stand_for(refused.left(kBegin + milliseconds(1000))), 5U);
}

}  // namespace
}  // namespace quantumapi::server
