#include "base/believed_clock.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace quantumapi::base {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr hours kDay{24};

class TheBelievedClock : public ::testing::Test {
 protected:
  void begin(std::optional<hours> newest_before) {
    believed_.begin(newest_before ? std::optional(clock_.wall() - *newest_before) : std::nullopt);
  }
  bool believed() {
    const auto now = believed_.now();
    EXPECT_EQ(now.value_or(clock_.wall()), clock_.wall());
    return now.has_value();
  }

  ManualClock clock_{WallTime{1'800'000'000'000'000}};
  std::vector<std::string> told_;
  Logger log_{[this](LogLevel, std::string_view message, auto) { told_.emplace_back(message); },
              LogLevel::kInfo};
  BelievedClock believed_{clock_, log_, "audit retention", 7 * kDay};
};

TEST_F(TheBelievedClock, IsTheWallClockWhereItFitsWhatIsKnown) {
  EXPECT_FALSE(believed_.now()) << "nothing is known yet";
  begin(6 * kDay);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(believed());
    clock_.advance(10 * kDay);
  }
  clock_.jump_wall(-50 * kDay);
  EXPECT_TRUE(believed());
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(TheBelievedClock, IsBelievedInAnEmptyStore) {
  begin(std::nullopt);
  EXPECT_TRUE(believed());
}

TEST_F(TheBelievedClock, WaitsWhereItStartsFarAheadUntilItRanThatLong) {
  begin(40 * kDay);
  for (int day = 0; day < 40; ++day) {
    EXPECT_FALSE(believed()) << day;
    clock_.advance(kDay);
  }
  EXPECT_TRUE(believed());
  EXPECT_THAT(told_, ElementsAre(::testing::StartsWith("audit retention waits: the clock is far")));
}

TEST_F(TheBelievedClock, WaitsWhereItJumpsAndGoesOnWhenItIsSetRight) {
  begin(hours(1));
  EXPECT_TRUE(believed());
  clock_.jump_wall(365 * kDay);
  EXPECT_FALSE(believed());
  clock_.advance(kDay);
  EXPECT_FALSE(believed());
  clock_.jump_wall(-365 * kDay);
  EXPECT_TRUE(believed());
  clock_.jump_wall(365 * kDay);
  EXPECT_FALSE(believed());
  EXPECT_EQ(told_.size(), 2U);
}

TEST_F(TheBelievedClock, IsFarByWhatWasGiven) {
  BelievedClock a_day(clock_, log_, "audit retention", kDay / 2);
  a_day.begin(clock_.wall() - hours(13));
  EXPECT_FALSE(a_day.now());
}

TEST_F(TheBelievedClock, IsBelievedWhenItIsSetBackAndThenRight) {
  begin(hours(1));
  clock_.jump_wall(-365 * kDay);
  EXPECT_TRUE(believed());
  clock_.advance(kDay);
  EXPECT_TRUE(believed());
  clock_.jump_wall(365 * kDay);
  EXPECT_TRUE(believed());
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace quantumapi::base
