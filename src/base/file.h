// Files and folders of the local disk, with errors that name the path.
//
// A File owns its descriptor. read_at may be called by several threads at once; everything else by one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace rayhistory {

// What makes two looks at a path the same file. The inode alone does not: file systems reuse it at once.
// Where the file system has no birth time, `birth_nanoseconds` is 0.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t birth_nanoseconds = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

enum class FileType { regular, directory, symlink, other };

struct FileStatus {
  FileType type = FileType::other;
  FileIdentity identity;
  uint64_t size = 0;
  uint64_t links = 0;                // how many names the file has: none once it is deleted
  int64_t modified_nanoseconds = 0;  // unix time
  int64_t changed_nanoseconds = 0;   // unix time (ctime): no program can set it back
};

// Which mount a file lies on: two bind mounts of one file system are two. A kernel before 5.8 tells only the
// device (`id` is 0).
struct FileMount {
  uint64_t id = 0;
  uint64_t device = 0;

  friend bool operator==(const FileMount& a, const FileMount& b) {
    return a.id != 0 && b.id != 0 ? a.id == b.id : a.device == b.device;
  }
};

struct PlacedStatus {
  FileStatus status;
  FileMount mount;
};

class File {
 public:
  File() = default;
  // `path` is for errors.
  File(Descriptor descriptor, std::string path) : descriptor_(descriptor.release()), path_(std::move(path)) {}
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  // Never follows a symlink at the last component, and never waits for a fifo's writer.
  static Result<File> open_for_reading(const std::string& path);
  // Fails with `exists` when something is there; mode 0644.
  static Result<File> create_new(const std::string& path);
  // A file that no folder holds and that needs no disk (memfd_create); `name` is for errors.
  static Result<File> create_in_memory(const std::string& name);
  // Opened for reading and writing at any place; must exist.
  static Result<File> open_for_writing(const std::string& path);

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

  Result<FileStatus> status() const;
  // Fills as much of `buffer` as the file has from `offset` on; fewer bytes only at the end of the file.
  Result<size_t> read_at(uint64_t offset, std::span<char> buffer) const;
  // All of `pieces`, in order, at `offset`. After an error any part of it may have been written.
  Result<void> write_at(uint64_t offset, std::span<const std::string_view> pieces);
  // The bytes, and the size that is needed to read them, are on the disk when this returns (fdatasync).
  // After an error the file's content is not to be trusted, however often it is called again
  // (https://wiki.postgresql.org/wiki/Fsync_Errors).
  Result<void> sync();
  Result<void> truncate(uint64_t size);
  void close();

 private:
  File(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  static Result<File> open(const std::string& path, int flags);

  int descriptor_ = -1;
  std::string path_;
};

// Of the path itself: a symlink is a symlink. not_found when there is nothing.
Result<FileStatus> status_of(const std::string& path);
// Likewise, for a file that is written to: whose times were asked for, gets new ones with its next write
// (Linux: Documentation/filesystems/multigrain-ts.rst), and its next sync has them to write too.
Result<FileIdentity> file_identity(const std::string& path);
// Of a name in an open folder, likewise, and never by mounting what is to be mounted on demand; of the folder
// itself where `name` is empty. `shown` is for the error.
Result<PlacedStatus> status_in(int folder_descriptor, const std::string& name, std::string_view shown);

// Likewise, of an open file; `shown` is for the error.
Result<FileIdentity> identity_of(int descriptor, std::string_view shown);

// The whole file; `invalid` when it is longer than `limit_bytes`, or no regular file.
Result<std::string> read_whole(const File& file, uint64_t limit_bytes);
Result<std::string> read_file(const std::string& path, uint64_t limit_bytes);

// Replaces the file at once: a reader, or a crash, finds the old content or the new. Written beside it as
// `<path>.tmp`, synced, renamed, and the folder synced.
Result<void> replace_file(const std::string& path, std::string_view content);

// The folder and those above it, mode 0755; one that exists already is fine.
Result<void> make_folders(const std::string& path);

// The names in a folder, without `.` and `..`, in no order.
Result<std::vector<std::string>> names_in(const std::string& folder);

// Nothing there is fine.
Result<void> remove_file(const std::string& path);
// Within one file system. Replaces what `to` was.
Result<void> rename_file(const std::string& from, const std::string& to);
// Makes the names in the folder durable.
Result<void> sync_folder(const std::string& path);

// The text a symlink holds.
Result<std::string> read_symlink(const std::string& path);

}  // namespace rayhistory
