#include "base/calendar.h"

namespace quantumapi::base::calendar {

using std::chrono::sys_days;
using std::chrono::year_month_day;

Result<sys_days> parse_day(std::string_view field, std::string_view text) {
  const auto refused = [&] { return fail_field(std::string(field), "is a day, YYYY-MM-DD"); };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return refused();
  int parts[3] = {};
  for (std::size_t at = 0, part = 0; at < text.size(); ++at) {
    if (at == 4 || at == 7) {
      ++part;
      continue;
    }
    if (text[at] < '0' || text[at] > '9') return refused();
    parts[part] = parts[part] * 10 + (text[at] - '0');
  }
  const year_month_day day{std::chrono::year(parts[0]),
                           std::chrono::month(static_cast<unsigned>(parts[1])),
                           std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok() || parts[0] < 1970) return refused();
  return sys_days(day);
}

std::string to_text(sys_days day) { return begin_of(day).to_string().substr(0, 10); }

sys_days day_of(WallTime time) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(time.micros)));
}

WallTime begin_of(sys_days day) {
  return {std::chrono::microseconds(day.time_since_epoch()).count()};
}

sys_days first_of_month(sys_days day) {
  const year_month_day parts{day};
  return parts.year() / parts.month() / 1;
}

sys_days next_month(sys_days day) {
  const year_month_day parts{day};
  return (parts.year() / parts.month() + std::chrono::months(1)) / 1;
}

}  // namespace quantumapi::base::calendar
