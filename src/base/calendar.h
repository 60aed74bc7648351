// Days and months of the UTC calendar, as reports and quotas name them.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace quantumapi::base::calendar {

// parse_day reads exactly "YYYY-MM-DD"; kInvalidArgument naming `field` otherwise.
Result<std::chrono::sys_days> parse_day(std::string_view field, std::string_view text);
std::string to_text(std::chrono::sys_days day);  // "2026-11-23"

std::chrono::sys_days day_of(WallTime time);
WallTime begin_of(std::chrono::sys_days day);
std::chrono::sys_days first_of_month(std::chrono::sys_days day);
// next_month is the first day of the month after `day`'s.
std::chrono::sys_days next_month(std::chrono::sys_days day);

}  // namespace quantumapi::base::calendar

namespace quantumapi {
namespace calendar = base::calendar;
}  // namespace quantumapi
