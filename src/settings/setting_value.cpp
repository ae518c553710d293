#include "settings/setting_value.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/duration.h"
#include "settings/quantity.h"

namespace rayhistory {
namespace {

// So that a time that lies a duration ahead can always be reckoned.
constexpr Nanoseconds kLongestDuration = std::chrono::hours(24 * 365);

SettingValue duration_from(Nanoseconds least, std::string_view in_words, Nanoseconds& place) {
  return {ValueKind::duration, [=, &place](std::string_view given) -> Result<void> {
            const Result<Nanoseconds> parsed = parse_duration(trimmed(given));
            if (!parsed || *parsed < least || *parsed > kLongestDuration)
              return expected(fmt::format("{}, like 30s, 1m30s or 500ms", in_words));
            place = *parsed;
            return {};
          }};
}

constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

std::string_view trimmed(std::string_view text) {
  return trimmed(text, kBlanks);
}

std::vector<std::string_view> comma_separated(std::string_view text) {
  return comma_separated(text, kBlanks);
}

Error expected(std::string what) {
  return Error{ErrorKind::invalid, "expected " + std::move(what)};
}

SettingValue text_value(std::string& place) {
  return {ValueKind::text, [&place](std::string_view given) -> Result<void> {
            place = std::string(trimmed(given));
            return {};
          }};
}

SettingValue folder_value(std::string& place) {
  return {ValueKind::text, [&place](std::string_view given) -> Result<void> {
            if (trimmed(given).empty()) return expected("the path of a folder");
            place = std::string(trimmed(given));
            return {};
          }};
}

SettingValue secret_value(std::string& place) {
  SettingValue value = text_value(place);
  value.kind = ValueKind::secret;
  return value;
}

SettingValue truth_value(bool& place) {
  return {ValueKind::truth, [&place](std::string_view given) -> Result<void> {
            const std::string_view word = trimmed(given);
            for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
              if (word != yes) continue;
              place = true;
              return {};
            }
            for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
              if (word != no) continue;
              place = false;
              return {};
            }
            return expected("true or false");
          }};
}

SettingValue duration_value(Nanoseconds& place) {
  return duration_from(Nanoseconds(1), "a duration above 0 and up to a year", place);
}

SettingValue duration_or_zero_value(Nanoseconds& place) {
  return duration_from(Nanoseconds::zero(), "0 or a duration up to a year", place);
}

SettingValue quantity_value(uint64_t& place) {
  return {ValueKind::quantity, [&place](std::string_view given) -> Result<void> {
            const std::optional<uint64_t> bytes = parse_quantity(trimmed(given));
            if (!bytes) return expected("a Kubernetes quantity of bytes, like 2Gi, 500M or 0");
            place = *bytes;
            return {};
          }};
}

SettingValue listening_address_value(std::string& place) {
  return {ValueKind::text, [&place](std::string_view given) -> Result<void> {
            const std::string_view address = trimmed(given);
            const bool one_word = std::all_of(address.begin(), address.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                     c == ':' || c == '-' || c == '%';
            });
            if (!one_word) return expected("one IP address or host name, like 0.0.0.0 or ::");
            place = std::string(address);
            return {};
          }};
}

SettingValue log_level_value(LogLevel& place) {
  return {ValueKind::text, [&place](std::string_view given) -> Result<void> {
            const std::optional<LogLevel> level = parse_log_level(trimmed(given));
            if (!level) return expected("debug, info, warning or error");
            place = *level;
            return {};
          }};
}

SettingValue log_format_value(LogFormat& place) {
  return {ValueKind::text, [&place](std::string_view given) -> Result<void> {
            const std::optional<LogFormat> format = parse_log_format(trimmed(given));
            if (!format) return expected("text or json");
            place = *format;
            return {};
          }};
}

Result<uint64_t> read_number(std::string_view text, uint64_t least, uint64_t most) {
  const std::string_view digits = trimmed(text);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < least || value > most)
    return expected(fmt::format("a whole number from {} to {}", least, most));
  return value;
}

}  // namespace rayhistory
