// One local file of event lines, to which a batch is added whole or not at all.
//
//   write(lines) -> sync() -> commit()      the batch counts: size() includes it
//   write(lines) -> … -> undo()             the batch never was
//
// Three steps, because a batch may touch several files and counts only when all of them are on the disk. A
// file whose sync() has failed must be undone and not written to again: what the kernel could not write it
// may forget and report success next time (https://wiki.postgresql.org/wiki/Fsync_Errors).
//
// Room: a file that takes one small batch after the other is kept longer than what it holds, by blank lines.
// Writing over them changes neither its size nor its blocks, so that a sync has the bytes to write and
// nothing of the file system's own: half the CPU, and half the time. (Blocks that are reserved beyond the
// file's end, FALLOC_FL_KEEP_SIZE, save nothing of that: the size still changes.) A crash leaves the room,
// and of a batch that was never committed perhaps some pieces. A reader that knows nothing of this skips the
// blank lines, and so does KubeRay's, which may upload the file as it is; ours cuts them and a torn line off
// (recovery.h).
//
// The descriptor may be released between batches and is opened again when needed. For one thread at a time.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "base/shared_tree.h"

namespace rayhistory::collector {

class JournalFile {
 public:
  // Makes the file and the folders above it. `exists` when there is one. The folders that hold a new name are
  // added to `folders_to_sync`: before that is done, a crash can take the file away, however often it was
  // synced.
  static Result<JournalFile> create(const SharedPath& path, std::set<SharedPath>& folders_to_sync);

  const SharedPath& path() const { return path_; }
  const FileIdentity& identity() const { return identity_; }
  uint64_t size() const { return size_; }              // of what was committed
  uint64_t disk_bytes() const { return disk_bytes_; }  // with the room, and with what was not committed yet

  Result<void> write(std::span<const std::string_view> pieces, uint64_t bytes);
  Result<void> sync();
  void commit();
  // After an error here the file is longer than size() says: it must not be written to again.
  Result<void> undo();
  // For a file that takes no more. After an error it is longer than size() says.
  Result<void> give_room_back();

  bool holds_descriptor() const { return file_.is_open(); }
  void release_descriptor() { file_.close(); }

 private:
  JournalFile(File file, SharedPath path, FileIdentity identity)
      : file_(std::move(file)), path_(std::move(path)), identity_(identity) {}
  Result<void> open_again();
  Result<void> make_room();
  Result<void> cut();

  File file_;
  SharedPath path_;
  FileIdentity identity_;
  uint64_t size_ = 0;
  uint64_t pending_bytes_ = 0;
  uint64_t disk_bytes_ = 0;
};

// Removes the folder and those above it that are empty, up to but without `top`.
void remove_empty_folders(const SharedPath& folder, const SharedPath& top);

}  // namespace rayhistory::collector
