#include "layout/rotated_log.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace rayhistory {
namespace {

constexpr std::string_view kRotatedMarker = ".rotated.";

size_t start_of_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? 0 : slash + 1;
}

}  // namespace

std::optional<RotatedBackup> parse_rotated_backup(std::string_view path) {
  const size_t name_start = start_of_name(path);
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || dot <= name_start) return std::nullopt;
  const std::string_view digits = path.substr(dot + 1);
  if (digits.empty() || digits[0] == '0') return std::nullopt;
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;

  RotatedBackup backup{std::string(path.substr(0, dot))};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), backup.number);
  // More digits than any ring has: as old as can be.
  if (error != std::errc{}) backup.number = std::numeric_limits<uint64_t>::max();
  return backup;
}

std::string rotated_log_path(std::string_view live_path, int64_t modified_nanoseconds, uint64_t inode) {
  const size_t name_start = start_of_name(live_path);
  size_t extension = live_path.rfind('.');
  if (extension == std::string_view::npos || extension <= name_start) extension = live_path.size();
  std::string path(live_path.substr(0, extension));
  path += kRotatedMarker;
  path += std::to_string(modified_nanoseconds) + "-" + std::to_string(inode);
  path += live_path.substr(extension);
  return path;
}

}  // namespace rayhistory
