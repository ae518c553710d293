#include "base/process_figures.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"

namespace rayhistory {
namespace {

// Of /proc/self/stat and of /proc/stat, of which only the lines at the end are needed: some 100 bytes an
// interrupt source.
constexpr uint64_t kLongestFileBytes = 1024 * 1024;

// Fields of /proc/self/stat (proc(5) counts from 1), after the name in brackets, which ends with field 2.
constexpr size_t kFirstFieldAfterName = 3;
constexpr size_t kThreads = 20;
constexpr size_t kStartTicks = 22;
constexpr size_t kVirtualBytes = 23;
constexpr size_t kResidentPages = 24;

std::vector<std::string> fields_of_stat() {
  const Result<std::string> stat = read_file("/proc/self/stat", kLongestFileBytes);
  if (!stat) return {};
  // The name may hold blanks and brackets of its own.
  const size_t end_of_name = stat->rfind(')');
  if (end_of_name == std::string::npos) return {};
  std::istringstream words(stat->substr(end_of_name + 1));
  std::vector<std::string> fields;
  for (std::string word; words >> word;)
    fields.push_back(std::move(word));
  return fields;
}

uint64_t field(const std::vector<std::string>& fields, size_t number) {
  const size_t index = number - kFirstFieldAfterName;
  return index < fields.size() ? std::strtoull(fields[index].c_str(), nullptr, 10) : 0;
}

std::optional<uint64_t> boot_unix_seconds() {
  const Result<std::string> stat = read_file("/proc/stat", kLongestFileBytes);
  if (!stat) return std::nullopt;
  const size_t line = stat->find("\nbtime ");
  if (line == std::string::npos) return std::nullopt;
  return std::strtoull(stat->c_str() + line + 7, nullptr, 10);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.descriptors_limit = limit.rlim_cur;
  // Less the one that looks.
  if (const auto names = names_in("/proc/self/fd"); names)
    figures.open_descriptors = std::max<size_t>(names->size(), 1) - 1;

  const std::vector<std::string> stat = fields_of_stat();
  figures.threads = field(stat, kThreads);
  figures.virtual_bytes = field(stat, kVirtualBytes);
  figures.resident_bytes = field(stat, kResidentPages) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (const auto boot = boot_unix_seconds()) {
    figures.start_unix_seconds = static_cast<double>(*boot) + static_cast<double>(field(stat, kStartTicks)) /
                                                                  static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  return figures;
}

}  // namespace rayhistory
