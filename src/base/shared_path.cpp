#include "base/shared_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <utility>

#include "base/check.h"

namespace rayhistory {
namespace {

constexpr mode_t kFolderMode = 0755;

Result<Descriptor> open_place(const SharedPath& path) {
  return path.open_descriptor(O_PATH);
}

Result<Descriptor> open_parent(const SharedPath& path) {
  if (path.relative().empty())
    return Error{ErrorKind::invalid, path.str() + ": the root of a shared folder is not ours to replace"};
  return path.parent().open_descriptor(O_PATH | O_DIRECTORY);
}

std::string name_of(const SharedPath& path) {
  return std::string(path.name());
}

Result<void> remove_content(const OpenFolder& folder, int depth) {
  if (depth > kFolderDepthLimit) {
    return Error{ErrorKind::invalid, "remove " + folder.path() + ": more than " +
                                         std::to_string(kFolderDepthLimit) + " folders deep"};
  }
  std::vector<std::string> files;
  std::vector<std::string> folders;
  TRY(folder.for_each([&](std::string_view name, FileType type) {
    (type == FileType::directory ? folders : files).emplace_back(name);
  }));
  for (const std::string& name : files) {
    Result<void> removed = folder.remove_file(name);
    if (removed) continue;
    // Some file systems do not tell the type with the name.
    const auto status = folder.status_of(name);
    if (!status || status->type != FileType::directory) return removed;
    folders.push_back(name);
  }
  for (const std::string& name : folders) {
    TRY_ASSIGN(const OpenFolder below, folder.open_below(name));
    TRY(remove_content(below, depth + 1));
    TRY(folder.remove_empty_folder(name));
  }
  return {};
}

}  // namespace

Result<File> open_for_reading(const SharedPath& path) {
  TRY_ASSIGN(Descriptor opened, path.open_descriptor(O_RDONLY | O_NONBLOCK | O_NOCTTY));
  return regular_file(std::move(opened), path.str());
}

Result<File> open_for_writing(const SharedPath& path) {
  TRY_ASSIGN(Descriptor opened, path.open_descriptor(O_RDWR | O_NONBLOCK | O_NOCTTY));
  return regular_file(std::move(opened), path.str());
}

Result<File> create_new(const SharedPath& path) {
  TRY_ASSIGN(Descriptor opened, path.open_descriptor(O_RDWR | O_CREAT | O_EXCL));
  return File(std::move(opened), path.str());
}

Result<OpenFolder> open_folder(const SharedPath& path) {
  TRY_ASSIGN(Descriptor opened, path.open_descriptor(O_RDONLY | O_DIRECTORY));
  return OpenFolder::take(path.tree(), std::move(opened), path.str());
}

Result<FileStatus> status_of(const SharedPath& path) {
  TRY_ASSIGN(const Descriptor place, open_place(path));
  TRY_ASSIGN(const PlacedStatus placed, status_in(place.get(), "", path.str()));
  return placed.status;
}

Result<FileIdentity> file_identity(const SharedPath& path) {
  TRY_ASSIGN(const Descriptor place, open_place(path));
  return identity_of(place.get(), path.str());
}

Result<std::string> read_symlink(const SharedPath& path) {
  TRY_ASSIGN(const Descriptor place, open_place(path));
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = ::readlinkat(place.get(), "", buffer.data(), buffer.size());
  if (length < 0) return error_from_errno(errno, "read symlink " + path.str());
  return std::string(buffer.data(), static_cast<size_t>(length));
}

Result<std::vector<std::string>> names_in(const SharedPath& folder) {
  TRY_ASSIGN(const OpenFolder open, open_folder(folder));
  std::vector<std::string> names;
  TRY(open.for_each([&](std::string_view name, FileType) { names.emplace_back(name); }));
  return names;
}

Result<std::string> read_file(const SharedPath& path, uint64_t limit_bytes) {
  TRY_ASSIGN(const File file, open_for_reading(path));
  return read_whole(file, limit_bytes);
}

Result<void> replace_file(const SharedPath& path, std::string_view content) {
  const SharedPath temporary = path.with_suffix(".tmp");
  TRY(remove_file(temporary));
  TRY_ASSIGN(File file, create_new(temporary));
  TRY(file.write_at(0, std::array{content}));
  TRY(file.sync());
  TRY(rename_file(temporary, path));
  return sync_folder(path.parent());
}

Result<void> remove_file(const SharedPath& path) {
  const auto parent = open_parent(path);
  if (!parent && parent.error().kind == ErrorKind::not_found) return {};
  if (!parent) return parent.error();
  path.before_call();
  if (::unlinkat(parent->get(), name_of(path).c_str(), 0) != 0 && errno != ENOENT)
    return error_from_errno(errno, "remove " + path.str());
  return {};
}

Result<void> remove_folder(const SharedPath& path) {
  TRY_ASSIGN(const Descriptor parent, open_parent(path));
  path.before_call();
  if (::unlinkat(parent.get(), name_of(path).c_str(), AT_REMOVEDIR) != 0)
    return error_from_errno(errno, "remove folder " + path.str());
  return {};
}

Result<void> remove_tree(const SharedPath& path) {
  const auto folder = open_folder(path);
  if (!folder && folder.error().kind == ErrorKind::not_found) return {};
  if (!folder) return folder.error();
  TRY(remove_content(*folder, 0));
  return remove_folder(path);
}

Result<void> rename_file(const SharedPath& from, const SharedPath& to) {
  CHECK(from.tree() == to.tree());
  TRY_ASSIGN(const Descriptor from_parent, open_parent(from));
  TRY_ASSIGN(const Descriptor to_parent, open_parent(to));
  from.before_call();
  const int outcome =
      ::renameat(from_parent.get(), name_of(from).c_str(), to_parent.get(), name_of(to).c_str());
  if (outcome != 0) return error_from_errno(errno, "rename to " + to.str() + " " + from.str());
  return {};
}

Result<void> make_folders(const SharedPath& path) {
  const auto there = path.open_descriptor(O_PATH | O_DIRECTORY);
  if (there) return {};
  // Its own tree's root is the operator's, as is what lies above it.
  if (path.relative().empty()) return make_folders(path.tree()->root());
  if (there.error().kind != ErrorKind::not_found) return there.error();
  TRY(make_folders(path.parent()));
  {
    TRY_ASSIGN(const Descriptor parent, open_parent(path));
    path.before_call();
    if (::mkdirat(parent.get(), name_of(path).c_str(), kFolderMode) != 0 && errno != EEXIST)
      return error_from_errno(errno, "make folder " + path.str());
  }
  // What is there is a folder of ours, or no folder at all.
  TRY(path.open_descriptor(O_PATH | O_DIRECTORY));
  return {};
}

Result<void> sync_folder(const SharedPath& path) {
  TRY_ASSIGN(const Descriptor folder, path.open_descriptor(O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.get()) != 0) return error_from_errno(errno, "fsync " + path.str());
  return {};
}

}  // namespace rayhistory
