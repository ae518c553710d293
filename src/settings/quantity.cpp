#include "settings/quantity.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace rayhistory {
namespace {

constexpr std::pair<std::string_view, double> kUnits[] = {
    {"", 1},        {"Ki", 0x1p10}, {"Mi", 0x1p20}, {"Gi", 0x1p30}, {"Ti", 0x1p40},
    {"Pi", 0x1p50}, {"Ei", 0x1p60}, {"k", 1e3},     {"M", 1e6},     {"G", 1e9},
    {"T", 1e12},    {"P", 1e15},    {"E", 1e18},
};
// Far above any memory, and a whole number of bytes as a double.
constexpr double kMostBytes = 0x1p62;

}  // namespace

std::optional<uint64_t> parse_quantity(std::string_view text) {
  const size_t digits = text.find_first_not_of("0123456789.");
  const std::string_view unit = digits == std::string_view::npos ? std::string_view{} : text.substr(digits);
  // "1e9", and "1E9", which is no exa.
  const bool has_exponent = unit.size() > 1 && (unit[0] == 'e' || unit[0] == 'E') && unit != "Ei";
  const std::string_view number = has_exponent ? text : text.substr(0, digits);
  if (number.empty() || number[0] == 'e' || number[0] == 'E') return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  for (const auto& [name, bytes] : kUnits) {
    if (!has_exponent && unit != name) continue;
    const double all = std::ceil(has_exponent ? value : value * bytes);
    if (!(all >= 0 && all <= kMostBytes)) return std::nullopt;
    return static_cast<uint64_t>(all);
  }
  return std::nullopt;
}

}  // namespace rayhistory
