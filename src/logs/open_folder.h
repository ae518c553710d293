// A folder of the local disk, held open: what is in it is looked at relative to its descriptor and never
// through a symlink, so that nobody who can write to the logs can lead the collector out of them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace rayhistory {

// So deep are folders followed: deeper than Ray or any library nests its logs, and few enough descriptors, of
// which a walk holds one a level.
inline constexpr int kFolderDepthLimit = 32;

// Not for several threads at once. Errors name the path.
class OpenFolder {
 public:
  // A symlink at the last component is not_found.
  static Result<OpenFolder> open(const std::string& path);
  Result<OpenFolder> open_below(const std::string& name) const;

  OpenFolder(OpenFolder&& other) noexcept;
  OpenFolder& operator=(OpenFolder&& other) noexcept;
  ~OpenFolder();

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

  Result<FileStatus> status() const;
  // Of a name in it: a symlink is a symlink.
  Result<FileStatus> status_of(const std::string& name) const;
  // The names in it, without "." and "..", in no order, once each call. The type costs no look at the file;
  // it is `other` also where the file system does not tell.
  Result<void> for_each(const std::function<void(std::string_view name, FileType type)>& each) const;

 private:
  OpenFolder(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  static Result<OpenFolder> open_at(int folder, const char* name, std::string path);

  int descriptor_;
  std::string path_;
};

}  // namespace rayhistory
