#include "collector/event_folder.h"

#include <filesystem>
#include <system_error>

namespace rayhistory::collector {
namespace {

namespace fs = std::filesystem;

fs::path whole_path(const std::string& text) {
  std::error_code error;
  const fs::path path = fs::absolute(text, error);
  return (error ? fs::path(text) : path).lexically_normal();
}

bool is_same_folder(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

}  // namespace

SharedPath event_folder(const SharedPath& ray_root, const std::string& data_folder) {
  const fs::path root = whole_path(ray_root.str() + "/.").parent_path();
  fs::path above;
  // From the top, so that nothing in Ray's folder is looked at by its whole path: a job may have put a link
  // there.
  SharedPath below_root;
  for (const fs::path& part : whole_path(data_folder)) {
    if (below_root.is_nowhere()) {
      above /= part;
      if (above == root || is_same_folder(above, root)) below_root = ray_root;
    } else if (!part.empty()) {
      below_root = below_root / part.string();
    }
  }
  if (below_root.is_nowhere()) return SharedPath(SharedTree::open(data_folder));
  return SharedTree::across_mounts(below_root);
}

}  // namespace rayhistory::collector
