// What can be done with a place in a folder that others can write too (shared_tree.h). The same functions as
// base/file.h has for paths of our own; here none of them follows a symlink, crosses into another mount or
// leaves the tree, whatever becomes of the folder meanwhile.
//
// A symlink on the way, or at the end where a file or folder is to be opened, is not_found; another mount is
// denied. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/open_folder.h"
#include "base/result.h"
#include "base/shared_tree.h"

namespace rayhistory {

// Regular files only: anything else is not_found, and no fifo's writer is waited for.
Result<File> open_for_reading(const SharedPath& path);
Result<File> open_for_writing(const SharedPath& path);
// Fails with `exists` when something is there; mode 0644.
Result<File> create_new(const SharedPath& path);
Result<OpenFolder> open_folder(const SharedPath& path);

// A symlink is a symlink.
Result<FileStatus> status_of(const SharedPath& path);
// Likewise, for a file that is written to (base/file.h).
Result<FileIdentity> file_identity(const SharedPath& path);
Result<std::string> read_symlink(const SharedPath& path);
Result<std::vector<std::string>> names_in(const SharedPath& folder);

// The whole file; `invalid` when it is longer than `limit_bytes`.
Result<std::string> read_file(const SharedPath& path, uint64_t limit_bytes);
// Replaces the file at once, as base/file.h does.
Result<void> replace_file(const SharedPath& path, std::string_view content);

// Whatever is there but a folder; nothing there is fine.
Result<void> remove_file(const SharedPath& path);
// Only when it is empty.
Result<void> remove_folder(const SharedPath& path);
// The folder and all that is in it, kFolderDepthLimit folders deep; `invalid` where it is deeper. Nothing
// there is fine.
Result<void> remove_tree(const SharedPath& path);
// Within one tree. Replaces what `to` was.
Result<void> rename_file(const SharedPath& from, const SharedPath& to);
// The folder and those above it, up to the tree's root, which is made too where it is missing; mode 0755. One
// that exists already is fine.
Result<void> make_folders(const SharedPath& path);
// Makes the names in the folder durable.
Result<void> sync_folder(const SharedPath& path);

}  // namespace rayhistory
