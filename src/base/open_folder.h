// A folder of a SharedTree, held open: what is in it is looked at relative to its descriptor and never
// through a symlink or on another mount, so that no writer of logs can lead the collector out of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/file.h"
#include "base/result.h"
#include "base/shared_tree.h"

namespace rayhistory {

// So deep are folders followed: deeper than Ray or any library nests its logs, and few enough descriptors, of
// which a walk holds one a level.
inline constexpr int kFolderDepthLimit = 32;

// Not for several threads at once. Errors name the path. A name is one part of a path: another is `invalid`.
// shared_path.h has open_folder.
class OpenFolder {
 public:
  Result<OpenFolder> open_below(const std::string& name) const;
  // A regular file; anything else is not_found.
  Result<File> open_for_reading(const std::string& name) const;

  int descriptor() const { return descriptor_.get(); }
  const std::string& path() const { return path_; }  // for errors and the log

  Result<FileStatus> status() const;
  // Of a name in it: a symlink is a symlink.
  Result<FileStatus> status_of(const std::string& name) const;
  // The names in it, without "." and "..", in no order, once each call. The type costs no look at the file;
  // it is `other` also where the file system does not tell.
  Result<void> for_each(const std::function<void(std::string_view name, FileType type)>& each) const;
  // Nothing there is fine.
  Result<void> remove_file(const std::string& name) const;
  Result<void> remove_empty_folder(const std::string& name) const;

 private:
  friend Result<OpenFolder> open_folder(const SharedPath& path);
  OpenFolder(std::shared_ptr<const SharedTree> tree, Descriptor descriptor, FileMount mount, std::string path)
      : tree_(std::move(tree)), descriptor_(std::move(descriptor)), mount_(mount), path_(std::move(path)) {}
  static Result<OpenFolder> take(std::shared_ptr<const SharedTree> tree, Descriptor descriptor,
                                 std::string path);
  Result<void> remove(const std::string& name, int flags) const;

  std::shared_ptr<const SharedTree> tree_;
  Descriptor descriptor_;
  FileMount mount_;
  std::string path_;
};

// Takes over a descriptor of whatever is at `path`, and gives it back only if that is a regular file.
Result<File> regular_file(Descriptor descriptor, std::string path);

}  // namespace rayhistory
