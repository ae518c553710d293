// How the text of a setting becomes a value, and goes to its place. The place must outlive the SettingValue.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "settings/setting.h"

namespace rayhistory {

// Without the blanks around it.
std::string_view trimmed(std::string_view text);
// The entries of a list separated by commas, likewise without blanks, and without empty ones.
std::vector<std::string_view> comma_separated(std::string_view text);
// "expected " and what.
Error expected(std::string what);

SettingValue text_value(std::string& place);
// Not empty.
SettingValue folder_value(std::string& place);
// As a text, but never shown.
SettingValue secret_value(std::string& place);
// The spellings of Go's strconv.ParseBool.
SettingValue truth_value(bool& place);
// Above 0 and up to a year.
SettingValue duration_value(Nanoseconds& place);
// The same, and 0.
SettingValue duration_or_zero_value(Nanoseconds& place);
// Bytes as a Kubernetes quantity: "2Gi", "500M", "0".
SettingValue quantity_value(uint64_t& place);
// An IP address or host name to listen on; empty is one.
SettingValue listening_address_value(std::string& place);
SettingValue log_level_value(LogLevel& place);
SettingValue log_format_value(LogFormat& place);

// A whole number from `least` to `most`; nothing where `text` is none.
Result<uint64_t> read_number(std::string_view text, uint64_t least, uint64_t most);

// A whole number from `least` to `most`, kept as that many times `unit`.
template <typename Number>
SettingValue scaled_number_value(uint64_t least, uint64_t most, uint64_t unit, Number& place) {
  return {ValueKind::number, [=, &place](std::string_view given) -> Result<void> {
            TRY_ASSIGN(const uint64_t value, read_number(given, least, most));
            place = static_cast<Number>(value * unit);
            return {};
          }};
}
template <typename Number>
SettingValue number_value(uint64_t least, uint64_t most, Number& place) {
  return scaled_number_value(least, most, 1, place);
}
// `least` is 0 where that means none.
inline SettingValue port_value(uint64_t least, uint16_t& place) {
  return number_value(least, std::numeric_limits<uint16_t>::max(), place);
}

}  // namespace rayhistory
