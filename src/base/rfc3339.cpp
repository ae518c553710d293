#include "base/rfc3339.h"

#include <chrono>

#include <fmt/format.h>

namespace rayhistory {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr int64_t kSecondsPerDay = 86'400;
constexpr size_t kFractionDigits = 9;

// Takes `text` apart from the front. Once something was not as expected, `ok` stays false.
struct Reader {
  std::string_view text;
  bool ok = true;

  bool next_is(char c) const { return !text.empty() && text[0] == c; }

  void skip(char c) {
    ok = ok && next_is(c);
    if (ok) text.remove_prefix(1);
  }

  // Exactly `digits` decimal digits, no more than `largest`.
  int number(size_t digits, int largest) {
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      ok = ok && !text.empty() && text[0] >= '0' && text[0] <= '9';
      if (!ok) return 0;
      value = value * 10 + (text[0] - '0');
      text.remove_prefix(1);
    }
    ok = ok && value <= largest;
    return value;
  }

  // Nanoseconds of any number of digits; those past the ninth are cut off.
  int64_t fraction() {
    int64_t value = 0;
    size_t digits = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits)
      if (digits < kFractionDigits) value = value * 10 + (text[0] - '0');
    ok = ok && digits > 0;
    for (; digits < kFractionDigits; ++digits)
      value *= 10;
    return value;
  }
};

struct UtcParts {
  year_month_day date;
  int64_t hour;
  int64_t minute;
  int64_t second;
  int64_t millisecond;
};

UtcParts utc_parts(int64_t unix_nanoseconds) {
  const std::chrono::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(unix_nanoseconds)};
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - midnight));
  return {year_month_day(midnight), clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
          clock.subseconds().count()};
}

}  // namespace

std::optional<int64_t> parse_rfc3339(std::string_view text) {
  Reader reader{text};
  const int years = reader.number(4, 2261);
  reader.skip('-');
  const int months = reader.number(2, 12);
  reader.skip('-');
  const int days = reader.number(2, 31);
  reader.skip('T');
  const int hours = reader.number(2, 23);
  reader.skip(':');
  const int minutes = reader.number(2, 59);
  reader.skip(':');
  const int seconds = reader.number(2, 59);
  int64_t fraction = 0;
  if (reader.next_is('.')) {
    reader.skip('.');
    fraction = reader.fraction();
  }
  int64_t offset_seconds = 0;
  if (reader.next_is('+') || reader.next_is('-')) {
    const int sign = reader.next_is('-') ? -1 : 1;
    reader.text.remove_prefix(1);
    const int offset_hours = reader.number(2, 23);
    reader.skip(':');
    const int offset_minutes = reader.number(2, 59);
    offset_seconds = sign * (offset_hours * 60 + offset_minutes) * 60;
  } else {
    reader.skip('Z');
  }
  if (!reader.ok || !reader.text.empty() || years < 1678) return std::nullopt;

  const year_month_day date(year(years), month(static_cast<unsigned>(months)),
                            day(static_cast<unsigned>(days)));
  if (!date.ok()) return std::nullopt;
  const int64_t unix_seconds = sys_days(date).time_since_epoch().count() * kSecondsPerDay + hours * 3600 +
                               minutes * 60 + seconds - offset_seconds;
  return unix_seconds * kNanosecondsPerSecond + fraction;
}

std::string format_rfc3339_milliseconds(int64_t unix_nanoseconds) {
  const UtcParts utc = utc_parts(unix_nanoseconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(utc.date.year()),
                     static_cast<unsigned>(utc.date.month()), static_cast<unsigned>(utc.date.day()), utc.hour,
                     utc.minute, utc.second, utc.millisecond);
}

std::string format_hour(int64_t unix_nanoseconds) {
  const UtcParts utc = utc_parts(unix_nanoseconds);
  return fmt::format("{:04}-{:02}-{:02}-{:02}", static_cast<int>(utc.date.year()),
                     static_cast<unsigned>(utc.date.month()), static_cast<unsigned>(utc.date.day()),
                     utc.hour);
}

}  // namespace rayhistory
