#include "historyserver/state/raylet_log.h"

namespace rayhistory::historyserver {

bool is_raylet_log(std::string_view path) {
  const size_t node_end = path.find('/');
  return node_end != std::string_view::npos && node_end > 0 && path.substr(node_end) == "/logs/raylet.out";
}

std::string_view session_folder_in(std::string_view raylet_log_begin, std::string_view session) {
  constexpr std::string_view kBefore = "Starting object store with directory ";
  constexpr std::string_view kFallback = ", fallback ";
  constexpr std::string_view kAfter = ", and huge page support ";
  const size_t begin = raylet_log_begin.find(kBefore);
  if (begin == std::string_view::npos) return {};
  std::string_view line = raylet_log_begin.substr(begin);
  line = line.substr(0, line.find('\n'));
  const size_t fallback = line.find(kFallback);
  const size_t after = line.rfind(kAfter);
  if (fallback == std::string_view::npos || after == std::string_view::npos) return {};
  const size_t folder_begin = fallback + kFallback.size();
  if (after < folder_begin) return {};
  const std::string_view folder = line.substr(folder_begin, after - folder_begin);
  const bool is_of_session = folder.starts_with('/') && folder.ends_with(session) &&
                             folder.substr(0, folder.size() - session.size()).ends_with('/');
  return is_of_session ? folder : std::string_view();
}

}  // namespace rayhistory::historyserver
