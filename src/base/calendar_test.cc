#include "base/calendar.h"

#include <gtest/gtest.h>

namespace quantumapi::base::calendar {
namespace {

std::chrono::sys_days day(std::string_view text) { return *parse_day("day", text); }

TEST(Calendar, ReadsDaysInOneFormOnly) {
  EXPECT_EQ(to_text(day("2024-02-29")), "2024-02-29");
  EXPECT_EQ(to_text(next_month(day("2026-12-31"))), "2027-01-01");
  EXPECT_EQ(to_text(first_of_month(day("2026-11-30"))), "2026-11-01");
  for (const char* wrong :
       {"", "2026-11", "2026-11-31", "2023-02-29", "2026-1-1", "26-11-01", "2026-11-01T00:00:00Z",
        "2026/11/01", "1969-12-31", "2026-00-10", "2026-11-0x", "-026-11-01"})
    EXPECT_FALSE(parse_day("day", wrong)) << wrong;
}

TEST(Calendar, TellsTheDayOfATimeInUtc) {
  EXPECT_EQ(to_text(day_of(*WallTime::parse("2026-11-30T23:59:59.999999Z"))), "2026-11-30");
  EXPECT_EQ(to_text(day_of(*WallTime::parse("2026-12-01T00:30:00+01:00"))), "2026-11-30");
  EXPECT_EQ(begin_of(day("2026-12-01")), *WallTime::parse("2026-12-01T00:00:00Z"));
}

}  // namespace
}  // namespace quantumapi::base::calendar
