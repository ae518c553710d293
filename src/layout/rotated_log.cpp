#include "layout/rotated_log.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace rayhistory {
namespace {

constexpr std::string_view kRotatedMarker = ".rotated.";

size_t start_of_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? 0 : slash + 1;
}

// Of ".out" in "raylet.out"; the end where there is none, or nothing but that.
size_t start_of_extension(std::string_view path) {
  const size_t dot = path.rfind('.');
  return dot == std::string_view::npos || dot <= start_of_name(path) ? path.size() : dot;
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
  std::string path = rotated_log_beginning(live_path);
  path += std::to_string(modified_nanoseconds) + "-" + std::to_string(inode);
  path += live_path.substr(start_of_extension(live_path));
  return path;
}

std::optional<RotatedLog> parse_rotated_log(std::string_view path) {
  const size_t marker = path.rfind(kRotatedMarker);
  if (marker == std::string_view::npos || marker <= start_of_name(path)) return std::nullopt;
  const std::string_view identity = path.substr(marker + kRotatedMarker.size());
  const char* const end = identity.data() + identity.size();

  RotatedLog log{};
  const auto modified = std::from_chars(identity.data(), end, log.modified_nanoseconds);
  if (modified.ec != std::errc{} || modified.ptr == end || *modified.ptr != '-') return std::nullopt;
  const auto inode = std::from_chars(modified.ptr + 1, end, log.inode);
  if (inode.ec != std::errc{}) return std::nullopt;
  const std::string_view extension(inode.ptr, static_cast<size_t>(end - inode.ptr));
  log.live_path = std::string(path.substr(0, marker)) + std::string(extension);
  // Whatever else looks like it ("+1", leading zeros, an extension of two dots) was not made by us.
  if (rotated_log_path(log.live_path, log.modified_nanoseconds, log.inode) != path) return std::nullopt;
  return log;
}

std::string live_log_path(std::string_view path) {
  if (auto rotated = parse_rotated_log(path)) return std::move(rotated->live_path);
  if (auto backup = parse_rotated_backup(path)) return std::move(backup->live_path);
  return std::string(path);
}

std::string rotated_log_beginning(std::string_view live_path) {
  return std::string(live_path.substr(0, start_of_extension(live_path))) + std::string(kRotatedMarker);
}

}  // namespace rayhistory
