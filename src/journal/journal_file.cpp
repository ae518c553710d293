#include "journal/journal_file.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/shared_path.h"

namespace rayhistory::collector {
namespace {

// Six batches of ten events, or sixty of one: what the room and the longer file cost is then small beside the
// rest.
constexpr uint64_t kRoomLimitBytes = 64 * 1024;
// Of larger batches each brings so much that it hardly matters what the file system's own writes cost.
constexpr uint64_t kSmallBatchBytes = kRoomLimitBytes / 2;
constexpr std::array<char, 4096> kBlankLines = [] {
  std::array<char, 4096> lines{};
  lines.fill('\n');
  return lines;
}();

Result<void> make_folder(const SharedPath& folder, std::set<SharedPath>& folders_to_sync) {
  const Result<FileStatus> status = status_of(folder);
  if (status || status.error().kind != ErrorKind::not_found) return make_folders(folder);
  const SharedPath parent = folder.parent();
  if (parent != folder) TRY(make_folder(parent, folders_to_sync));
  TRY(make_folders(folder));
  folders_to_sync.insert(parent);
  return {};
}

}  // namespace

void remove_empty_folders(const SharedPath& folder, const SharedPath& top) {
  SharedPath at = folder;
  while (at.is_below(top) && remove_folder(at))
    at = at.parent();
}

Result<JournalFile> JournalFile::create(const SharedPath& path, std::set<SharedPath>& folders_to_sync) {
  const SharedPath folder = path.parent();
  TRY(make_folder(folder, folders_to_sync));
  TRY_ASSIGN(File file, create_new(path));
  folders_to_sync.insert(folder);
  Result<FileStatus> status = file.status();
  if (!status) {
    (void)remove_file(path);
    return std::move(status).error();
  }
  return JournalFile(std::move(file), path, status->identity);
}

Result<void> JournalFile::open_again() {
  if (file_.is_open()) return {};
  TRY_ASSIGN(File file, open_for_writing(path_));
  TRY_ASSIGN(const FileStatus status, file.status());
  if (status.identity != identity_ || status.size != disk_bytes_) {
    return Error{ErrorKind::retry,
                 "open " + path_.str() + ": another process has replaced, cut or extended it"};
  }
  file_ = std::move(file);
  return {};
}

Result<void> JournalFile::write(std::span<const std::string_view> pieces, uint64_t bytes) {
  TRY(open_again());
  pending_bytes_ = bytes;
  TRY(file_.write_at(size_, pieces));
  if (size_ + bytes <= disk_bytes_) return {};
  disk_bytes_ = size_ + bytes;
  return bytes <= kSmallBatchBytes ? make_room() : Result<void>();
}

// As much again as the file held before this batch, so that one that gets a single batch has none.
Result<void> JournalFile::make_room() {
  const uint64_t room = std::min(size_, kRoomLimitBytes);
  std::vector<std::string_view> lines(room / kBlankLines.size(), {kBlankLines.data(), kBlankLines.size()});
  lines.emplace_back(kBlankLines.data(), room % kBlankLines.size());
  if (!file_.write_at(disk_bytes_, lines))
    return file_.truncate(disk_bytes_);  // a full disk: it goes without
  disk_bytes_ += room;
  return {};
}

Result<void> JournalFile::sync() {
  return file_.sync();
}

void JournalFile::commit() {
  size_ += std::exchange(pending_bytes_, 0);
}

Result<void> JournalFile::undo() {
  return pending_bytes_ == 0 ? Result<void>() : cut();
}

Result<void> JournalFile::give_room_back() {
  return disk_bytes_ == size_ ? Result<void>() : cut();
}

Result<void> JournalFile::cut() {
  const bool was_open = file_.is_open();
  TRY(open_again());
  TRY(file_.truncate(size_));
  pending_bytes_ = 0;
  disk_bytes_ = size_;
  if (!was_open) release_descriptor();
  return {};
}

}  // namespace rayhistory::collector
