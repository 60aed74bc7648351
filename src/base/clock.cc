#include "base/clock.h"

#include <algorithm>
#include <optional>

namespace quantumapi::base {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kFirstSecond = -62'167'219'200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z

// Scanner reads the parts of a time from the front of its text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool at_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }

  bool skip(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // number reads exactly `digits` digits.
  std::optional<int> number(int digits) {
    int value = 0;
    for (int i = 0; i < digits; ++i) {
      if (!at_digit()) return std::nullopt;
      value = value * 10 + next_digit();
    }
    return value;
  }

  // whole_seconds reads one digit or more; more than fit a year are refused.
  std::optional<std::int64_t> whole_seconds() {
    if (!at_digit()) return std::nullopt;
    std::int64_t value = 0;
    while (at_digit()) {
      value = value * 10 + next_digit();
      if (value > kLastSecond) return std::nullopt;
    }
    return value;
  }

  // fraction reads one digit or more after the point, as microseconds.
  std::optional<std::int64_t> fraction() {
    if (!at_digit()) return std::nullopt;
    std::int64_t micros = 0;
    for (std::int64_t unit = kMicros / 10; at_digit(); unit /= 10) micros += unit * next_digit();
    return micros;
  }

 private:
  int next_digit() {
    const int digit = rest_[0] - '0';
    rest_.remove_prefix(1);
    return digit;
  }

  std::string_view rest_;
};

std::unexpected<Error> not_a_time() {
  return fail(Code::kInvalidArgument,
              "not a time (RFC 3339, such as 2026-11-23T18:00:00Z, or seconds "
              "since 1970)");
}

Result<WallTime> from_parts(std::int64_t seconds, std::int64_t micros) {
  if (seconds < kFirstSecond || seconds > kLastSecond) return not_a_time();
  const WallTime time{seconds * kMicros + micros};
  if (time.micros < kFirstSecond * kMicros) return not_a_time();  // by a negative fraction
  return time;
}

// read_date gives the days since 1970 of YYYY-MM-DD.
std::optional<std::int64_t> read_date(Scanner& in) {
  const auto year = in.number(4);
  if (!year || !in.skip('-')) return std::nullopt;
  const auto month = in.number(2);
  if (!month || !in.skip('-')) return std::nullopt;
  const auto day = in.number(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

std::optional<std::int64_t> read_hour_minute(Scanner& in) {
  const auto hour = in.number(2);
  if (!hour || *hour > 23 || !in.skip(':')) return std::nullopt;
  const auto minute = in.number(2);
  if (!minute || *minute > 59) return std::nullopt;
  return (*hour * 60 + *minute) * 60;
}

// read_zone gives the seconds that local time is ahead of UTC.
std::optional<std::int64_t> read_zone(Scanner& in) {
  if (in.at_end() || in.skip('Z') || in.skip('z')) return 0;
  const bool ahead = in.skip('+');
  if (!ahead && !in.skip('-')) return std::nullopt;
  const auto offset = read_hour_minute(in);
  if (!offset) return std::nullopt;
  return ahead ? *offset : -*offset;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  Scanner in(text);
  const auto days = read_date(in);
  if (!days || !(in.skip('T') || in.skip('t') || in.skip(' '))) return not_a_time();
  const auto minutes = read_hour_minute(in);
  if (!minutes || !in.skip(':')) return not_a_time();
  const auto seconds = in.number(2);
  if (!seconds || *seconds > 59) return not_a_time();
  const auto fraction = in.skip('.') ? in.fraction() : 0;
  if (!fraction) return not_a_time();
  const auto zone = read_zone(in);
  if (!zone || !in.at_end()) return not_a_time();
  return from_parts(*days * kDaySeconds + *minutes + *seconds - *zone, *fraction);
}

Result<WallTime> parse_epoch(std::string_view text) {
  Scanner in(text);
  const bool negative = in.skip('-');
  const auto seconds = in.whole_seconds();
  if (!seconds) return not_a_time();
  const auto fraction = in.skip('.') ? in.fraction() : 0;
  if (!fraction || !in.at_end()) return not_a_time();
  return negative ? from_parts(-*seconds, -*fraction) : from_parts(*seconds, *fraction);
}

char* write_number(char* out, unsigned value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + digits;
}

}  // namespace

Result<WallTime> WallTime::parse(std::string_view text) {
  const bool dated = text.size() > 4 && text[4] == '-';
  return dated ? parse_rfc3339(text) : parse_epoch(text);
}

Result<WallTime> WallTime::from_epoch(std::int64_t seconds) { return from_parts(seconds, 0); }

char* WallTime::write_to(char* out) const noexcept {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds{
      std::clamp(micros, kFirstSecond * kMicros, kLastSecond * kMicros + (kMicros - 1))}};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto of_day = static_cast<std::uint64_t>((time - day).count());
  const auto second = static_cast<unsigned>(of_day / kMicros);

  out = write_number(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  *out++ = '-';
  out = write_number(out, static_cast<unsigned>(date.month()), 2);
  *out++ = '-';
  out = write_number(out, static_cast<unsigned>(date.day()), 2);
  *out++ = 'T';
  out = write_number(out, second / 3600, 2);
  *out++ = ':';
  out = write_number(out, second / 60 % 60, 2);
  *out++ = ':';
  out = write_number(out, second % 60, 2);
  *out++ = '.';
  out = write_number(out, static_cast<unsigned>(of_day % kMicros), 6);
  *out++ = 'Z';
  return out;
}

std::string WallTime::to_string() const {
  std::string text(kTextSize, '\0');
  write_to(text.data());
  return text;
}

WallTime SystemClock::wall() const {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count()};
}

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

}  // namespace quantumapi::base
