#include "server/refused_rates.h"

#include <gtest/gtest.h>

namespace quantumapi::server {
namespace {

using std::chrono::milliseconds;

ApiKeyId key(std::uint8_t number) {
  ApiKeyId id;
  id.uuid.octets.fill(number);
  return id;
}

TEST(RefusedRates, LetOneASecondIntoTheLogAndSayHowManyItStandsFor) {
  RefusedRates refused;
  const SteadyTime begin{std::chrono::seconds(100)};
  EXPECT_EQ(refused.take(key(1), begin), 1U);
  for (int i = 1; i < 1000; ++i) EXPECT_EQ(refused.take(key(1), begin + milliseconds(i)), 0U);
  EXPECT_EQ(refused.take(key(1), begin + milliseconds(1000)), 1000U);
  EXPECT_EQ(refused.take(key(1), begin + milliseconds(5000)), 1U);
}

TEST(RefusedRates, CountEachKeyByItself) {
  RefusedRates refused;
  const SteadyTime now{std::chrono::seconds(100)};
  EXPECT_EQ(refused.take(key(1), now), 1U);
  EXPECT_EQ(refused.take(key(2), now), 1U);
  EXPECT_EQ(refused.take(key(1), now), 0U);
}

}  // namespace
}  // namespace quantumapi::server
