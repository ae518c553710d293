#include "base/duration.h"

#include <array>
#include <cstdint>
#include <limits>

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

}  // namespace

Result<Nanoseconds> parse_duration(std::string_view text) {
  constexpr std::string_view kTooLong = "it is longer than 64 bits of nanoseconds hold";
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return Nanoseconds::zero();
  if (rest.empty()) return refused(text, "it has no number");

  uint64_t total = 0;
  while (!rest.empty()) {
    uint64_t whole = 0;
    size_t digits = 0;
    for (; !rest.empty() && is_digit(rest[0]); rest.remove_prefix(1), ++digits)
      if (!append_digit(whole, rest[0])) return refused(text, kTooLong);

    // Digits of a fraction past what 64 bits hold are too small to matter.
    uint64_t fraction = 0;
    double scale = 1;
    if (!rest.empty() && rest[0] == '.') {
      rest.remove_prefix(1);
      bool room = true;
      for (; !rest.empty() && is_digit(rest[0]); rest.remove_prefix(1), ++digits) {
        room = room && append_digit(fraction, rest[0]);
        if (room) scale *= 10;
      }
    }
    if (digits == 0) return refused(text, "a number is missing");

    size_t unit_length = 0;
    while (unit_length < rest.size() && rest[unit_length] != '.' && !is_digit(rest[unit_length]))
      ++unit_length;
    if (unit_length == 0) return refused(text, "a unit is missing");
    const Unit* unit = find_unit(rest.substr(0, unit_length));
    if (unit == nullptr)
      return refused(text, "unknown unit \"" + std::string(rest.substr(0, unit_length)) + "\"");
    rest.remove_prefix(unit_length);

    if (whole > kLargestMagnitude / unit->nanoseconds) return refused(text, kTooLong);
    // Go computes the fraction in floating point too; the same arithmetic gives the same nanoseconds.
    const auto part = static_cast<uint64_t>(static_cast<double>(fraction) *
                                            (static_cast<double>(unit->nanoseconds) / scale));
    const uint64_t amount = whole * unit->nanoseconds + part;
    if (amount > kLargestMagnitude || total > kLargestMagnitude - amount) return refused(text, kTooLong);
    total += amount;
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
