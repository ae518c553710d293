#include "logs/writers.h"

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace rayhistory::collector {
namespace {

Writers writers_of(const OpenFolder& folder, const std::string& name) {
  const auto file = folder.open_for_reading(name);
  if (!file) return file.error().kind == ErrorKind::not_found ? Writers::none : Writers::unknown;
  // Closing the file gives the lease back.
  if (::fcntl(file->descriptor(), F_SETLEASE, F_RDLCK) == 0) return Writers::none;
  return errno == EAGAIN ? Writers::some : Writers::unknown;
}

Writers writers_to_depth(const OpenFolder& folder, int depth) {
  if (depth > kFolderDepthLimit) return Writers::unknown;
  Writers writers = Writers::none;
  const auto add = [&writers](Writers more) {
    if (more == Writers::some || writers == Writers::none) writers = more;
  };
  const auto listed = folder.for_each([&](std::string_view name, FileType type) {
    if (writers == Writers::some) return;
    if (type == FileType::directory) {
      const auto below = folder.open_below(std::string(name));
      add(below ? writers_to_depth(*below, depth + 1) : Writers::unknown);
    } else if (type == FileType::regular) {
      add(writers_of(folder, std::string(name)));
    }
  });
  return listed ? writers : Writers::unknown;
}

}  // namespace

Writers writers_below(const OpenFolder& folder) {
  return writers_to_depth(folder, 0);
}

}  // namespace rayhistory::collector
