#include "base/clock.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace quantumapi::base {
namespace {

struct Vector {
  const char* text;
  std::int64_t micros;
};

TEST(WallTime, ReadsRfc3339) {
  const Vector vectors[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1985-04-12T23:20:50.52Z", 482'196'050'520'000},
      {"1996-12-19T16:39:57-08:00", 851'042'397'000'000},
      {"1937-01-01T12:00:27.87+00:20", -1'041'337'172'130'000},
      {"2026-11-23T18:00:00", 1'795'456'800'000'000},
      {"2026-11-23t18:00:00z", 1'795'456'800'000'000},
      {"2026-11-23 18:00:00+00:00", 1'795'456'800'000'000},
      {"2026-11-23T18:00:00.1234567Z", 1'795'456'800'123'456},
      {"2024-02-29T00:00:00Z", 1'709'164'800'000'000},
      {"2000-02-29T23:59:59.999999Z", 951'868'799'999'999},
      {"0000-01-01T00:00:00Z", -62'167'219'200'000'000},
      {"9999-12-31T23:59:59.999999Z", 253'402'300'799'999'999},
  };
  for (const Vector& v : vectors) {
    const auto time = WallTime::parse(v.text);
    ASSERT_TRUE(time) << v.text;
    EXPECT_EQ(time->micros, v.micros) << v.text;
  }
}

TEST(WallTime, ReadsSecondsSince1970) {
  EXPECT_EQ(WallTime::parse("0")->micros, 0);
  EXPECT_EQ(WallTime::parse("1795456800")->micros, 1'795'456'800'000'000);
  EXPECT_EQ(WallTime::parse("1795456800.25")->micros, 1'795'456'800'250'000);
  EXPECT_EQ(WallTime::parse("-1.5")->micros, -1'500'000);
  EXPECT_EQ(WallTime::from_epoch(-2)->micros, -2'000'000);
}

TEST(WallTime, RefusesWhatIsNoTime) {
  const char* const texts[] = {"",
                               " ",
                               "now",
                               "2026-11-23",
                               "2026-11-23T",
                               "2026-11-23T18",
                               "2026-11-23T18:00",
                               "2026-11-23T18:00Z",
                               "2026-11-23T18:00:0Z",
                               "2026-11-23T18:00:00.Z",
                               "2026-11-23T18:00:00,5Z",
                               "2026-11-23T18:00:00ZZ",
                               "2026-11-23T18:00:00 Z",
                               "2026-11-23T18:00:00+1:00",
                               "2026-11-23T18:00:00+0100",
                               "2026-11-23T18:00:00+24:00",
                               "2026-11-23T18:00:00+01:60",
                               "2026-11-23T24:00:00Z",
                               "2026-11-23T18:60:00Z",
                               "2026-11-23T18:00:60Z",
                               "2026-13-01T00:00:00Z",
                               "2026-00-01T00:00:00Z",
                               "2026-11-31T00:00:00Z",
                               "2026-11-00T00:00:00Z",
                               "2025-02-29T00:00:00Z",
                               "1900-02-29T00:00:00Z",
                               "-026-11-23T18:00:00Z",
                               "0000-01-01T00:00:00+00:01",
                               "9999-12-31T23:59:59-00:01",
                               "12345-01-01T00:00:00Z",
                               "1795456800.",
                               ".5",
                               "--1",
                               "+1",
                               "1e9",
                               "1795456800 ",
                               "253402300800",
                               "-62167219201",
                               "-62167219200.5",
                               "99999999999999999999999999"};
  for (const char* text : texts) {
    const auto time = WallTime::parse(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, Code::kInvalidArgument);
  }
}

TEST(WallTime, RefusesEpochsOutsideYearsOfFourDigits) {
  EXPECT_TRUE(WallTime::from_epoch(253'402'300'799));
  EXPECT_FALSE(WallTime::from_epoch(253'402'300'800));
  EXPECT_FALSE(WallTime::from_epoch(std::numeric_limits<std::int64_t>::max()));
  EXPECT_FALSE(WallTime::from_epoch(std::numeric_limits<std::int64_t>::min()));
}

TEST(WallTime, WritesTwentySevenCharacters) {
  EXPECT_EQ(WallTime{0}.to_string(), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(WallTime{-1}.to_string(), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(WallTime{1'795'456'800'000'001}.to_string(), "2026-11-23T18:00:00.000001Z");
  EXPECT_EQ(WallTime{951'868'799'999'999}.to_string(), "2000-02-29T23:59:59.999999Z");
}

TEST(WallTime, OutsideYearsOfFourDigitsReadsAsTheNearestInside) {
  EXPECT_EQ(WallTime{std::numeric_limits<std::int64_t>::max()}.to_string(),
            "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(WallTime{std::numeric_limits<std::int64_t>::min()}.to_string(),
            "0000-01-01T00:00:00.000000Z");
}

TEST(WallTime, SurvivesWritingAndReading) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> any(-62'167'219'200'000'000, 253'402'300'799'999'999);
  for (int i = 0; i < 20'000; ++i) {
    const WallTime time{any(random)};
    ASSERT_EQ(WallTime::parse(time.to_string())->micros, time.micros);
  }
}

TEST(WallTime, CountsEveryDayOfFourCenturies) {
  std::int64_t day = -719'528;  // 0000-01-01
  std::string last;
  for (int i = 0; i < 146'097; ++i, ++day) {
    const std::string text = WallTime{day * 86'400'000'000}.to_string();
    ASSERT_GT(text, last);
    ASSERT_EQ(WallTime::parse(text)->micros, day * 86'400'000'000);
    last = text;
  }
  EXPECT_EQ(last, "0399-12-31T00:00:00.000000Z");
}

TEST(ManualClock, StandsStillUntilTold) {
  ManualClock clock(WallTime{5'000'000});
  const SteadyTime start = clock.steady();
  EXPECT_EQ(clock.wall().micros, 5'000'000);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(clock.wall().micros, 7'000'000);
  EXPECT_EQ(clock.steady() - start, std::chrono::seconds(2));
}

TEST(ManualClock, JumpsTheWallWithoutMovingSteadyTime) {
  ManualClock clock(WallTime{5'000'000});
  const SteadyTime start = clock.steady();
  clock.jump_wall(-std::chrono::seconds(3));
  EXPECT_EQ(clock.wall().micros, 2'000'000);
  EXPECT_EQ(clock.steady(), start);
}

TEST(SystemClock, TellsThisCenturyAndNeverRunsBackwards) {
  const SystemClock clock;
  EXPECT_GT(clock.wall(), *WallTime::parse("2025-01-01T00:00:00Z"));
  const SteadyTime before = clock.steady();
  EXPECT_LE(before, clock.steady());
}

}  // namespace
}  // namespace quantumapi::base
