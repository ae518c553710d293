#include "base/duration.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rayhistory {
namespace {

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};

constexpr uint64_t kMicrosecond = 1'000;
constexpr uint64_t kMillisecond = 1'000 * kMicrosecond;
constexpr uint64_t kSecond = 1'000 * kMillisecond;
constexpr uint64_t kMinute = 60 * kSecond;
constexpr uint64_t kHour = 60 * kMinute;

// Both spellings of micro, U+00B5 and U+03BC, as Go takes them.
constexpr std::array kUnits = {
    Unit{"ns", 1},
    Unit{"us", kMicrosecond},
    Unit{"\u00b5s", kMicrosecond},
    Unit{"\u03bcs", kMicrosecond},
    Unit{"ms", kMillisecond},
    Unit{"s", kSecond},
    Unit{"m", kMinute},
    Unit{"h", kHour},
};

// The magnitude of the most negative duration, one more than that of the most positive.
constexpr uint64_t kLargestMagnitude = uint64_t{1} << 63;

constexpr std::string_view kTooLong = "it is longer than 64 bits of nanoseconds hold";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Error refused(std::string_view text, std::string_view why) {
  return Error{ErrorKind::invalid, "\"" + std::string(text) + "\" is not a duration: " + std::string(why) +
                                       " (expected one like 30s, 1m30s or 500ms)"};
}

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits)
    if (unit.name == name) return &unit;
  return nullptr;
}

// Reads one digit into `value`; false, with `value` as it was, when it would pass the largest magnitude.
bool append_digit(uint64_t& value, char digit) {
  const auto next = static_cast<uint64_t>(digit - '0');
  if (value > (kLargestMagnitude - next) / 10) return false;
  value = value * 10 + next;
  return true;
}

// "1.50" is 1 and 50 hundredths.
struct Number {
  uint64_t whole = 0;
  uint64_t fraction = 0;
  double fraction_scale = 1;
};

bool starts_with_digit(std::string_view text) {
  return !text.empty() && is_digit(text[0]);
}

// These take what they read from `rest`, the end of `text` that is not read yet.

bool take_minus(std::string_view& rest) {
  if (!rest.starts_with('-') && !rest.starts_with('+')) return false;
  const bool is_minus = rest[0] == '-';
  rest.remove_prefix(1);
  return is_minus;
}

Result<Number> take_number(std::string_view text, std::string_view& rest) {
  Number number;
  size_t digits = 0;
  for (; starts_with_digit(rest); rest.remove_prefix(1), ++digits)
    if (!append_digit(number.whole, rest[0])) return refused(text, kTooLong);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    // Digits of a fraction past what 64 bits hold are too small to matter.
    bool room = true;
    for (; starts_with_digit(rest); rest.remove_prefix(1), ++digits) {
      room = room && append_digit(number.fraction, rest[0]);
      if (room) number.fraction_scale *= 10;
    }
  }
  if (digits == 0) return refused(text, "a number is missing");
  return number;
}

Result<Unit> take_unit(std::string_view text, std::string_view& rest) {
  const std::string_view name = rest.substr(0, rest.find_first_of(".0123456789"));
  if (name.empty()) return refused(text, "a unit is missing");
  const Unit* unit = find_unit(name);
  if (unit == nullptr) return refused(text, "unknown unit \"" + std::string(name) + "\"");
  rest.remove_prefix(name.size());
  return *unit;
}

// In nanoseconds; nothing when it would pass the largest magnitude.
std::optional<uint64_t> magnitude_of(const Number& number, const Unit& unit) {
  if (number.whole > kLargestMagnitude / unit.nanoseconds) return std::nullopt;
  // Go computes the fraction in floating point too; the same arithmetic gives the same nanoseconds.
  const auto part = static_cast<uint64_t>(static_cast<double>(number.fraction) *
                                          (static_cast<double>(unit.nanoseconds) / number.fraction_scale));
  const uint64_t magnitude = number.whole * unit.nanoseconds + part;
  if (magnitude > kLargestMagnitude) return std::nullopt;
  return magnitude;
}

}  // namespace

Result<Nanoseconds> parse_duration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = take_minus(rest);
  if (rest == "0") return Nanoseconds::zero();
  if (rest.empty()) return refused(text, "it has no number");

  uint64_t total = 0;
  while (!rest.empty()) {
    TRY_ASSIGN(const Number number, take_number(text, rest));
    TRY_ASSIGN(const Unit unit, take_unit(text, rest));
    const std::optional<uint64_t> amount = magnitude_of(number, unit);
    if (!amount || total > kLargestMagnitude - *amount) return refused(text, kTooLong);
    total += *amount;
  }
  if (!negative && total == kLargestMagnitude) return refused(text, kTooLong);
  // Modulo 2^64, so that the most negative one needs no case of its own.
  return Nanoseconds(static_cast<int64_t>(negative ? uint64_t{0} - total : total));
}

std::string format_duration(Nanoseconds duration) {
  if (duration == Nanoseconds::zero()) return "0s";
  const bool negative = duration < Nanoseconds::zero();
  const auto count = static_cast<uint64_t>(duration.count());
  uint64_t left = negative ? uint64_t{0} - count : count;

  std::string text = negative ? "-" : "";
  const auto take_whole = [&](uint64_t unit, const char* name) {
    if (left < unit) return;
    text += std::to_string(left / unit) + name;
    left %= unit;
  };
  take_whole(kHour, "h");
  take_whole(kMinute, "m");
  if (left == 0) return text;

  const Unit unit = left >= kSecond        ? Unit{"s", kSecond}
                    : left >= kMillisecond ? Unit{"ms", kMillisecond}
                    : left >= kMicrosecond ? Unit{"us", kMicrosecond}
                                           : Unit{"ns", 1};
  text += std::to_string(left / unit.nanoseconds);
  if (uint64_t fraction = left % unit.nanoseconds; fraction != 0) {
    // Added to the unit, the fraction keeps its leading zeros behind a digit that is cut off.
    std::string digits = std::to_string(unit.nanoseconds + fraction).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + std::string(unit.name);
}

}  // namespace rayhistory
