#include "logs/open_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace rayhistory {
namespace {

FileType type_of_entry(unsigned char type) {
  switch (type) {
    case DT_REG:
      return FileType::regular;
    case DT_DIR:
      return FileType::directory;
    case DT_LNK:
      return FileType::symlink;
    default:
      return FileType::other;
  }
}

}  // namespace

Result<OpenFolder> OpenFolder::open_at(int folder, const char* name, std::string path) {
  int descriptor = -1;
  do {
    descriptor = ::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return error_from_errno(errno, "open folder " + path);
  return OpenFolder(descriptor, std::move(path));
}

Result<OpenFolder> OpenFolder::open(const std::string& path) {
  return open_at(AT_FDCWD, path.c_str(), path);
}

Result<OpenFolder> OpenFolder::open_below(const std::string& name) const {
  return open_at(descriptor_, name.c_str(), path_ + "/" + name);
}

OpenFolder::OpenFolder(OpenFolder&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

OpenFolder& OpenFolder::operator=(OpenFolder&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

OpenFolder::~OpenFolder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FileStatus> OpenFolder::status() const {
  return status_in(descriptor_, "", path_);
}

Result<FileStatus> OpenFolder::status_of(const std::string& name) const {
  return status_in(descriptor_, name, path_ + "/" + name);
}

Result<void> OpenFolder::for_each(
    const std::function<void(std::string_view name, FileType type)>& each) const {
  // A description of its own: fdopendir takes the descriptor over, and a shared one would share the position.
  const int own = ::openat(descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return error_from_errno(errno, "open folder " + path_);
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(own), ::closedir);
  if (!folder) {
    const int error = errno;
    ::close(own);
    return error_from_errno(error, "list " + path_);
  }
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") each(name, type_of_entry(entry->d_type));
  }
  if (errno != 0) return error_from_errno(errno, "list " + path_);
  return {};
}

}  // namespace rayhistory
