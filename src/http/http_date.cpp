#include "http/http_date.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

namespace rayhistory {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<unsigned> number(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

//                                    0123456789012345678901234567 8
constexpr std::string_view kExample = "Sun, 06 Nov 1994 08:49:37 GMT";

// The other steps may then cut the text by position. The weekday is not checked.
bool has_delimiters_in_place(std::string_view text) {
  return text.size() == kExample.size() && text.ends_with(" GMT") && text.substr(3, 2) == ", " &&
         text[7] == ' ' && text[11] == ' ' && text[16] == ' ' && text[19] == ':' && text[22] == ':';
}

std::optional<std::chrono::year_month_day> date_of(std::string_view text) {
  // 64 bits of nanoseconds hold all of these years.
  constexpr unsigned kFirstYear = 1678;
  constexpr unsigned kLastYear = 2261;
  const auto day = number(text.substr(5, 2));
  const auto* const month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto year = number(text.substr(12, 4));
  if (!day || month == kMonths.end() || !year || *year < kFirstYear || *year > kLastYear) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(static_cast<int>(*year)),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return date;
}

std::optional<std::chrono::seconds> time_of_day_of(std::string_view text) {
  constexpr unsigned kLeapSecond = 60;
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > kLeapSecond) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace

std::optional<int64_t> parse_http_date(std::string_view text) {
  if (!has_delimiters_in_place(text)) return std::nullopt;
  const auto date = date_of(text);
  const auto time_of_day = time_of_day_of(text);
  if (!date || !time_of_day) return std::nullopt;
  const std::chrono::sys_seconds time = std::chrono::sys_days(*date) + *time_of_day;
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

std::string format_http_date(int64_t unix_nanoseconds) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const std::chrono::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(unix_nanoseconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace rayhistory
