#include "base/open_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
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

// System calls that take such a name resolve it in the folder itself.
Result<void> check_name(const std::string& name, const std::string& folder) {
  if (!name.empty() && name != "." && name != ".." &&
      name.find_first_of(std::string_view("/\0", 2)) == std::string::npos)
    return {};
  return Error{ErrorKind::invalid, "\"" + name + "\" is no name of a file in " + folder};
}

}  // namespace

Result<File> regular_file(Descriptor descriptor, std::string path) {
  File file(std::move(descriptor), std::move(path));
  TRY_ASSIGN(const FileStatus status, file.status());
  if (status.type != FileType::regular)
    return Error{ErrorKind::not_found, "open " + file.path() + ": it is no regular file"};
  return file;
}

Result<OpenFolder> OpenFolder::take(std::shared_ptr<const SharedTree> tree, Descriptor descriptor,
                                    std::string path) {
  TRY_ASSIGN(const PlacedStatus placed, status_in(descriptor.get(), "", path));
  return OpenFolder(std::move(tree), std::move(descriptor), placed.mount, std::move(path));
}

Result<OpenFolder> OpenFolder::open_below(const std::string& name) const {
  TRY(check_name(name, path_));
  std::string shown = path_ + "/" + name;
  TRY_ASSIGN(Descriptor opened,
             tree_->open_from(descriptor_.get(), mount_, name, O_RDONLY | O_DIRECTORY, shown));
  return take(tree_, std::move(opened), std::move(shown));
}

Result<File> OpenFolder::open_for_reading(const std::string& name) const {
  TRY(check_name(name, path_));
  std::string shown = path_ + "/" + name;
  TRY_ASSIGN(Descriptor opened,
             tree_->open_from(descriptor_.get(), mount_, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, shown));
  return regular_file(std::move(opened), std::move(shown));
}

Result<FileStatus> OpenFolder::status() const {
  TRY_ASSIGN(const PlacedStatus placed, status_in(descriptor_.get(), "", path_));
  return placed.status;
}

Result<FileStatus> OpenFolder::status_of(const std::string& name) const {
  TRY(check_name(name, path_));
  tree_->before_call();
  const std::string shown = path_ + "/" + name;
  TRY_ASSIGN(const PlacedStatus placed, status_in(descriptor_.get(), name, shown));
  if (placed.mount != mount_) return tree_->refusal(EXDEV, shown);
  return placed.status;
}

Result<void> OpenFolder::for_each(
    const std::function<void(std::string_view name, FileType type)>& each) const {
  // A description of its own: fdopendir takes the descriptor over, and a shared one would share the position.
  const int own = ::openat(descriptor_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

Result<void> OpenFolder::remove(const std::string& name, int flags) const {
  TRY(check_name(name, path_));
  tree_->before_call();
  if (::unlinkat(descriptor_.get(), name.c_str(), flags) != 0 && errno != ENOENT)
    return error_from_errno(errno, "remove " + path_ + "/" + name);
  return {};
}

Result<void> OpenFolder::remove_file(const std::string& name) const {
  return remove(name, 0);
}

Result<void> OpenFolder::remove_empty_folder(const std::string& name) const {
  return remove(name, AT_REMOVEDIR);
}

}  // namespace rayhistory
