#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <utility>

namespace rayhistory {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;
// iovecs handed to one pwritev: what the kernel takes at the most (UIO_MAXIOV).
constexpr size_t kPiecesAtOnce = IOV_MAX;

std::string doing(std::string_view what, std::string_view path) {
  std::string text(what);
  text += ' ';
  text += path;
  return text;
}

Error failure(std::string_view what, std::string_view path) {
  return error_from_errno(errno, doing(what, path));
}

FileType type_of(uint16_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileType::regular;
    case S_IFDIR:
      return FileType::directory;
    case S_IFLNK:
      return FileType::symlink;
    default:
      return FileType::other;
  }
}

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

int64_t nanoseconds_of(const struct statx_timestamp& time) {
  return time.tv_sec * kNanosecondsPerSecond + time.tv_nsec;
}

uint64_t device_of(const struct statx& raw) {
  return (static_cast<uint64_t>(raw.stx_dev_major) << 32) | raw.stx_dev_minor;
}

FileIdentity identity_of(const struct statx& raw) {
  FileIdentity identity;
  identity.device = device_of(raw);
  identity.inode = raw.stx_ino;
  if ((raw.stx_mask & STATX_BTIME) != 0) identity.birth_nanoseconds = nanoseconds_of(raw.stx_btime);
  return identity;
}

Result<PlacedStatus> placed_statx_of(int descriptor, const char* path, int flags, std::string_view shown) {
  struct statx raw {};
  constexpr unsigned kWanted = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_NLINK | STATX_MTIME | STATX_CTIME |
                               STATX_BTIME | STATX_MNT_ID;
  if (::statx(descriptor, path, flags, kWanted, &raw) != 0) return failure("stat", shown);
  PlacedStatus placed;
  placed.mount.device = device_of(raw);
  if ((raw.stx_mask & STATX_MNT_ID) != 0) placed.mount.id = raw.stx_mnt_id;
  FileStatus& status = placed.status;
  status.type = type_of(raw.stx_mode);
  status.identity = identity_of(raw);
  status.size = raw.stx_size;
  status.modified_nanoseconds = nanoseconds_of(raw.stx_mtime);
  status.changed_nanoseconds = nanoseconds_of(raw.stx_ctime);
  status.links = raw.stx_nlink;
  return placed;
}

Result<FileStatus> statx_of(int descriptor, const char* path, int flags, std::string_view shown) {
  TRY_ASSIGN(const PlacedStatus placed, placed_statx_of(descriptor, path, flags, shown));
  return placed.status;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    path_ = std::move(other.path_);
  }
  return *this;
}

File::~File() {
  close();
}

void File::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Result<File> File::open(const std::string& path, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return failure("open", path);
  return File(descriptor, path);
}

Result<File> File::open_for_reading(const std::string& path) {
  return open(path, O_RDONLY | O_NONBLOCK);
}

Result<File> File::create_new(const std::string& path) {
  return open(path, O_RDWR | O_CREAT | O_EXCL);
}

Result<File> File::create_in_memory(const std::string& name) {
  const int descriptor = ::memfd_create(name.c_str(), MFD_CLOEXEC);
  if (descriptor < 0) return failure("memfd_create", name);
  return File(descriptor, name);
}

Result<File> File::open_for_writing(const std::string& path) {
  return open(path, O_RDWR);
}

Result<FileStatus> File::status() const {
  return statx_of(descriptor_, "", AT_EMPTY_PATH, path_);
}

Result<size_t> File::read_at(uint64_t offset, std::span<char> buffer) const {
  size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = ::pread(descriptor_, buffer.data() + filled, buffer.size() - filled,
                                static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", path_);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  return filled;
}

Result<void> File::write_at(uint64_t offset, std::span<const std::string_view> pieces) {
  std::array<struct iovec, kPiecesAtOnce> vectors;
  size_t next = 0;    // the first piece that is not wholly written
  size_t within = 0;  // how much of it is
  while (next < pieces.size()) {
    size_t count = 0;
    for (size_t i = next; i < pieces.size() && count < vectors.size(); ++i, ++count) {
      const std::string_view piece = i == next ? pieces[i].substr(within) : pieces[i];
      vectors[count] = {const_cast<char*>(piece.data()), piece.size()};
    }
    const ssize_t written =
        ::pwritev(descriptor_, vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure("write", path_);
    offset += static_cast<uint64_t>(written);
    size_t left = static_cast<size_t>(written);
    while (next < pieces.size() && left >= pieces[next].size() - within) {
      left -= pieces[next].size() - within;
      within = 0;
      ++next;
    }
    within += left;
  }
  return {};
}

Result<void> File::sync() {
  if (::fdatasync(descriptor_) != 0) return failure("fdatasync", path_);
  return {};
}

Result<void> File::truncate(uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return failure("truncate", path_);
  return {};
}

Result<FileStatus> status_of(const std::string& path) {
  return statx_of(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, path);
}

Result<FileIdentity> file_identity(const std::string& path) {
  struct statx raw {};
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &raw) != 0)
    return failure("stat", path);
  return identity_of(raw);
}

Result<PlacedStatus> status_in(int folder_descriptor, const std::string& name, std::string_view shown) {
  const int flags = name.empty() ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  return placed_statx_of(folder_descriptor, name.c_str(), flags, shown);
}

Result<FileIdentity> identity_of(int descriptor, std::string_view shown) {
  struct statx raw {};
  if (::statx(descriptor, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &raw) != 0)
    return failure("stat", shown);
  return identity_of(raw);
}

Result<std::string> read_file(const std::string& path, uint64_t limit_bytes) {
  TRY_ASSIGN(const File file, File::open_for_reading(path));
  return read_whole(file, limit_bytes);
}

Result<std::string> read_whole(const File& file, uint64_t limit_bytes) {
  const std::string& path = file.path();
  TRY_ASSIGN(const FileStatus status, file.status());
  if (status.type != FileType::regular)
    return Error{ErrorKind::invalid, doing("read", path) + ": not a regular file"};
  // A file may say size 0 and hold bytes (/proc), or grow while it is read: what counts is what comes.
  std::string content;
  constexpr size_t kStep = 64 * 1024;
  while (true) {
    const size_t old_size = content.size();
    content.resize(old_size + kStep);
    TRY_ASSIGN(const size_t got, file.read_at(old_size, std::span(content).subspan(old_size)));
    content.resize(old_size + got);
    if (content.size() > limit_bytes) {
      return Error{ErrorKind::invalid, doing("read", path) + ": longer than the limit of " +
                                           std::to_string(limit_bytes) + " bytes"};
    }
    if (got < kStep) return content;
  }
}

Result<void> replace_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  TRY(remove_file(temporary));
  TRY_ASSIGN(File file, File::create_new(temporary));
  TRY(file.write_at(0, std::array{content}));
  TRY(file.sync());
  TRY(rename_file(temporary, path));
  return sync_folder(folder_of(path));
}

Result<void> make_folders(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) == 0) return {};
  if (errno == ENOENT) {
    const std::string parent = folder_of(path);
    if (parent != path) {
      TRY(make_folders(parent));
      if (::mkdir(path.c_str(), kFolderMode) == 0) return {};
    }
  }
  if (errno == EEXIST) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
    errno = ENOTDIR;
  }
  return failure("make folder", path);
}

Result<std::vector<std::string>> names_in(const std::string& folder) {
  const auto close_folder = [](DIR* stream) { ::closedir(stream); };
  const std::unique_ptr<DIR, decltype(close_folder)> stream(::opendir(folder.c_str()), close_folder);
  if (!stream) return failure("list", folder);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const struct dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) return failure("list", folder);
      return names;
    }
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      names.emplace_back(entry->d_name);
  }
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure("remove", path);
  return {};
}

Result<void> rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failure("rename to " + to, from);
  return {};
}

Result<void> sync_folder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failure("open", path);
  const int outcome = ::fsync(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  if (outcome != 0) return error_from_errno(error_number, doing("fsync", path));
  return {};
}

Result<std::string> read_symlink(const std::string& path) {
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = ::readlink(path.c_str(), buffer.data(), buffer.size());
  if (length < 0) return failure("read symlink", path);
  return std::string(buffer.data(), static_cast<size_t>(length));
}

}  // namespace rayhistory
