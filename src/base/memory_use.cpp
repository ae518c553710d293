#include "base/memory_use.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include <malloc.h>

#include "base/file.h"

namespace rayhistory {
namespace {

constexpr uint64_t kLongestFile = 64 * 1024;
constexpr std::string_view kVersion2 = "/sys/fs/cgroup";
constexpr std::string_view kVersion1 = "/sys/fs/cgroup/memory";
// Version 1 has no word for "no limit", only the largest number of whole pages.
constexpr uint64_t kNoLimit = uint64_t{1} << 60U;

std::optional<uint64_t> number_in(const std::string& path) {
  const Result<std::string> text = read_file(path, kLongestFile);
  if (!text) return std::nullopt;
  uint64_t number = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  if (parsed.ec != std::errc{} || number >= kNoLimit) return std::nullopt;  // "max"
  return number;
}

// The least limit of a group and those above it, up to the mounted root, which in a container is the
// container's.
std::optional<uint64_t> least_limit(std::string_view root, std::string_view group, std::string_view file) {
  std::optional<uint64_t> least;
  for (std::string path(group);; path.resize(path.rfind('/'))) {
    const auto limit = number_in(std::string(root) + path + "/" + std::string(file));
    if (limit) least = std::min(least.value_or(*limit), *limit);
    if (path.rfind('/') == std::string::npos) return least;
  }
}

}  // namespace

uint64_t heap_bytes_in_use() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

void return_free_memory() {
  ::malloc_trim(0);
}

std::optional<uint64_t> control_group_memory_limit() {
  const Result<std::string> groups = read_file("/proc/self/cgroup", kLongestFile);
  if (!groups) return std::nullopt;
  // Lines "0::/group" of version 2, "4:memory:/group" of version 1.
  std::string_view rest = *groups;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t place = line.rfind(':');
    if (place == std::string_view::npos) continue;
    std::string_view group = line.substr(place + 1);
    if (group == "/") group = {};
    if (line.starts_with("0::")) {
      if (const auto limit = least_limit(kVersion2, group, "memory.max")) return limit;
    } else if (line.find(":memory:") != std::string_view::npos) {
      if (const auto limit = least_limit(kVersion1, group, "memory.limit_in_bytes")) return limit;
      // In a container the group's own path is not there.
      if (const auto limit = least_limit(kVersion1, {}, "memory.limit_in_bytes")) return limit;
    }
  }
  return std::nullopt;
}

}  // namespace rayhistory
