#include "cli/expiry.h"

#include <gtest/gtest.h>

namespace quantumapi::cli {
namespace {

const WallTime kNow = *WallTime::parse("2026-11-23T12:00:00Z");

TEST(Expiry, CountsFromNow) {
  EXPECT_EQ(*expiry_of("--expires", "90d", kNow), "2027-02-21T12:00:00.000000Z");
  EXPECT_EQ(*expiry_of("--expires", "12h", kNow), "2026-11-24T00:00:00.000000Z");
  EXPECT_EQ(*expiry_of("--expires", "30m", kNow), "2026-11-23T12:30:00.000000Z");
  EXPECT_EQ(*expiry_of("--expires", "1s", kNow), "2026-11-23T12:00:01.000000Z");
}

TEST(Expiry, TakesATimeInTheFuture) {
  EXPECT_EQ(*expiry_of("--expires", "2027-01-31T00:00:00Z", kNow), "2027-01-31T00:00:00.000000Z");
}

TEST(Expiry, AMomentMayBePast) {
  EXPECT_EQ(*moment_of("--expires-before", "2h", kNow), "2026-11-23T14:00:00.000000Z");
  EXPECT_EQ(*moment_of("--expires-before", "2020-01-01T00:00:00Z", kNow),
            "2020-01-01T00:00:00.000000Z");
  EXPECT_FALSE(moment_of("--expires-before", "soon", kNow));
}

TEST(Expiry, ATimeThatLastsIsSecondsOrHasAUnit) {
  EXPECT_EQ(seconds_of("3600"), 3600);
  EXPECT_EQ(seconds_of("0"), 0);
  EXPECT_EQ(seconds_of("12h"), 43'200);
  EXPECT_EQ(seconds_of("7d"), 604'800);
  for (const char* text : {"", "h", "-1", "1w", "12hh", "soon", "99999999999999999999"})
    EXPECT_FALSE(seconds_of(text)) << text;
}

TEST(Expiry, RefusesEverythingElse) {
  for (const char* text :
       {"", "d", "90", "-1d", "0d", "90x", "90dd", "tomorrow", "1e3d", "99999999999999999999d",
        "999999999d", "1790000000", "2020-01-01T00:00:00Z", "2026-11-23T12:00:00Z"}) {
    const auto refused = expiry_of("--expires", text, kNow);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, kUsage);
    EXPECT_TRUE(refused.error().message.starts_with("--expires ")) << refused.error().message;
  }
}

}  // namespace
}  // namespace quantumapi::cli
