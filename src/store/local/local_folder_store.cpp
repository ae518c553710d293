#include "store/local/local_folder_store.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <limits.h>

#include "base/digest.h"
#include "base/file.h"

namespace rayhistory {
namespace {

// At the folder's root, out of list()'s sight. A name that no key of ours begins with.
constexpr std::string_view kUnfinishedFolder = ".rayhistory-unfinished";
// Younger ones may be another process's at work; a write that takes a day is not at work any more.
constexpr std::chrono::hours kUnfinishedLifetime{24};
// What is read and written at once: memory per upload worker.
constexpr size_t kCopyBufferBytes = 256 * 1024;
// As S3's pages, so that callers meet pages everywhere.
constexpr size_t kPageObjects = 1000;
// Folders nested deeper than any Ray log; a loop of bind mounts must not recurse for ever.
constexpr int kListDepthLimit = 64;

Error invalid_key(std::string_view key, std::string_view reason) {
  return Error{ErrorKind::invalid, fmt::format("key \"{}\": {}", key, reason)};
}

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

StoredObject object_of(const FileStatus& status) {
  return {status.size, "", status.modified_nanoseconds};
}

Result<bool> is_folder(const std::string& path) {
  Result<FileStatus> status = status_of(path);
  if (status) return status->type == FileType::directory;
  if (status.error().kind == ErrorKind::not_found) return false;
  return std::move(status).error();
}

// Removes an unfinished file unless it was published.
class UnfinishedFile {
 public:
  explicit UnfinishedFile(std::string path) : path_(std::move(path)) {}
  ~UnfinishedFile() { (void)remove_file(path_); }  // what stays is removed a day later
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

// Walks the tree in the byte order of the keys: "a-b" comes before "a/c", because '-' comes before '/', so a
// folder is ordered by its name with the slash.
class Lister {
 public:
  Lister(const std::string& root, const std::string& prefix, const std::string& after)
      : root_(root), prefix_(prefix), after_(after) {}

  Result<ListPage> run() {
    TRY(walk("", 0));
    return std::move(page_);
  }

 private:
  struct Entry {
    std::string key;  // of a folder: with its slash
    StoredObject object;
  };

  bool may_hold_wanted(const std::string& folder_key) const {
    const bool within_prefix = folder_key.starts_with(prefix_) || prefix_.starts_with(folder_key);
    const bool not_passed = folder_key > after_ || after_.starts_with(folder_key);
    return within_prefix && not_passed;
  }

  Result<std::vector<Entry>> entries_of(const std::string& folder_key) const {
    std::vector<Entry> entries;
    Result<std::vector<std::string>> names = names_in(root_ + "/" + folder_key);
    if (!names) {
      // Gone, or never made: nothing is listed, as for a prefix without objects.
      if (names.error().kind == ErrorKind::not_found) return entries;
      return std::move(names).error();
    }
    for (const std::string& name : *names) {
      if (folder_key.empty() && name == kUnfinishedFolder) continue;
      std::string key = folder_key + name;
      Result<FileStatus> status = status_of(root_ + "/" + key);
      if (!status) {
        if (status.error().kind == ErrorKind::not_found) continue;
        return std::move(status).error();
      }
      if (status->type == FileType::directory) {
        key += '/';
        if (may_hold_wanted(key)) entries.push_back({std::move(key), {}});
      } else if (status->type == FileType::regular && key.starts_with(prefix_) && key > after_) {
        entries.push_back({std::move(key), object_of(*status)});
      }
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
    return entries;
  }

  Result<void> walk(const std::string& folder_key, int depth) {
    if (depth > kListDepthLimit)
      return Error{ErrorKind::invalid, fmt::format("{}/{}: nested too deeply", root_, folder_key)};
    TRY_ASSIGN(const std::vector<Entry> entries, entries_of(folder_key));
    for (const Entry& entry : entries) {
      if (!page_.next.empty()) return {};
      if (entry.key.ends_with('/')) {
        TRY(walk(entry.key, depth + 1));
      } else if (page_.objects.size() == kPageObjects) {
        page_.next = page_.objects.back().key;
      } else {
        page_.objects.push_back({entry.key, entry.object});
      }
    }
    return {};
  }

  const std::string& root_;
  const std::string& prefix_;
  const std::string& after_;
  ListPage page_;
};

}  // namespace

LocalFolderStore::LocalFolderStore(std::string folder, const Clock& clock, FolderUse use)
    : folder_(std::move(folder)), clock_(clock), use_(use) {}

std::string LocalFolderStore::description() const {
  return "local folder " + folder_;
}

Result<void> LocalFolderStore::check(const Deadline& deadline) const {
  if (deadline.expired(clock_.steady_now()))
    return Error{ErrorKind::cancelled, description() + ": cancelled by its deadline or a stop"};
  return {};
}

Result<void> LocalFolderStore::check_folder() const {
  TRY_ASSIGN(const bool is_there, is_folder(folder_));
  if (is_there) return {};
  return Error{ErrorKind::denied,
               description() + ": there is no such folder; check LOCAL_STORAGE_DIR (--local-dir)"};
}

Result<std::string> LocalFolderStore::path_of(const std::string& key) const {
  if (key.empty()) return invalid_key(key, "is empty");
  if (key.find('\0') != std::string::npos) return invalid_key(key, "holds a NUL");
  size_t begin = 0;
  while (begin <= key.size()) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view segment(key.data() + begin, end - begin);
    if (segment.empty()) return invalid_key(key, "has an empty segment, which no folder can hold");
    if (segment == "." || segment == "..")
      return invalid_key(key, "has a segment that would leave its folder");
    if (segment.size() > NAME_MAX) {
      return invalid_key(
          key, fmt::format("has a segment longer than {} bytes, which no folder can hold", NAME_MAX));
    }
    if (begin == 0 && segment == kUnfinishedFolder) return invalid_key(key, "names the store's own folder");
    begin = end + 1;
  }
  std::string path = folder_ + "/" + key;
  if (path.size() >= PATH_MAX) return invalid_key(key, "is longer than a path can be");
  return path;
}

std::string LocalFolderStore::temporary_path() const {
  constexpr size_t kRandomBytes = 16;
  return fmt::format("{}/{}/{}", folder_, kUnfinishedFolder, random_hex(kRandomBytes));
}

Result<void> LocalFolderStore::ensure_bucket(const Deadline& deadline) {
  TRY(check(deadline));
  if (use_ == FolderUse::read) return check_folder();
  Result<void> made = make_folders(fmt::format("{}/{}", folder_, kUnfinishedFolder));
  if (!made && made.error().kind == ErrorKind::not_found) {  // ENOTDIR, as base/result.h has it
    return Error{ErrorKind::invalid, fmt::format("local folder {}: a part of this path is a file", folder_)};
  }
  return made;
}

Result<void> LocalFolderStore::make_place_for(const std::string& key, const std::string& path) const {
  TRY_ASSIGN(const bool taken_by_folder, is_folder(path));
  if (taken_by_folder) return invalid_key(key, "is a folder, because other keys begin with it and a slash");
  const std::string parent = parent_of(path);
  TRY_ASSIGN(const bool parent_exists, is_folder(parent));
  if (parent_exists) return {};
  Result<void> made = make_folders(parent);
  if (!made && made.error().kind == ErrorKind::not_found)  // ENOTDIR, as base/result.h has it
    return invalid_key(key, "runs through another object");
  TRY(std::move(made));
  // The new folders' names have to be durable before what is put into them is called stored.
  for (std::string level = parent; level.size() > folder_.size();) {
    level = parent_of(level);
    TRY(sync_folder(level));
  }
  return {};
}

Result<void> LocalFolderStore::append_range(File& file, const Body& body, uint64_t offset,
                                            const Deadline& deadline) const {
  std::string buffer(static_cast<size_t>(std::min<uint64_t>(kCopyBufferBytes, body.size() - offset)), '\0');
  while (offset < body.size()) {
    TRY(check(deadline));
    const size_t piece = static_cast<size_t>(std::min<uint64_t>(buffer.size(), body.size() - offset));
    TRY(body.read_at(offset, std::span(buffer).first(piece)));
    TRY(file.write_at(offset, std::array{std::string_view(buffer).substr(0, piece)}));
    offset += piece;
  }
  return file.sync();
}

Result<void> LocalFolderStore::publish(const std::string& temporary, const std::string& key,
                                       const std::string& path) const {
  TRY(make_place_for(key, path));
  TRY(rename_file(temporary, path));
  return sync_folder(parent_of(path));
}

Result<StoredObject> LocalFolderStore::put(const std::string& key, const Body& body, std::string_view,
                                           const Deadline& deadline) {
  TRY(check(deadline));
  TRY_ASSIGN(const std::string path, path_of(key));
  const UnfinishedFile unfinished(temporary_path());
  Result<File> file = File::create_new(unfinished.path());
  if (!file && file.error().kind == ErrorKind::not_found) {
    // The folder was removed under us, or ensure_bucket was not called.
    TRY(ensure_bucket(deadline));
    file = File::create_new(unfinished.path());
  }
  if (!file) return std::move(file).error();
  TRY(append_range(*file, body, 0, deadline));
  TRY_ASSIGN(const FileStatus status, file->status());
  TRY(publish(unfinished.path(), key, path));
  return object_of(status);
}

Result<StoredObject> LocalFolderStore::replace(const std::string& key,
                                               const std::optional<StoredObject>& /*before*/,
                                               const Body& body, std::string_view content_type,
                                               const Deadline& deadline) {
  return put(key, body, content_type, deadline);
}

Result<StoredObject> LocalFolderStore::extend(const std::string& key, const StoredObject& stored,
                                              const Body& whole, std::string_view, const Deadline& deadline) {
  CHECK(0 < stored.size && stored.size <= whole.size());
  TRY(check(deadline));
  TRY_ASSIGN(const std::string path, path_of(key));
  Result<File> file = File::open_for_writing(path);
  if (!file) {
    if (file.error().kind != ErrorKind::not_found) return std::move(file).error();
    return Error{ErrorKind::exists, fmt::format("{}: there is no file any more to extend", path)};
  }
  TRY_ASSIGN(const FileStatus status, file->status());
  if (status.size != stored.size) {
    return Error{ErrorKind::exists,
                 fmt::format("{}: holds {} bytes instead of {}", path, status.size, stored.size)};
  }
  if (Result<void> appended = append_range(*file, whole, stored.size, deadline); !appended) {
    // So that a disk that was full for a while costs no second copy of the whole. If this fails too, the next
    // extension finds another length and the whole is put.
    (void)file->truncate(stored.size);
    return std::move(appended).error();
  }
  TRY_ASSIGN(const FileStatus extended, file->status());
  return object_of(extended);
}

Result<StoredObject> LocalFolderStore::copy(const std::string& from, const StoredObject& expected,
                                            const std::string& to, const Deadline& deadline) {
  TRY_ASSIGN(const std::string source_path, path_of(from));
  TRY_ASSIGN(File source, File::open_for_reading(source_path));
  TRY_ASSIGN(const FileStatus status, source.status());
  if (status.type != FileType::regular)
    return Error{ErrorKind::not_found, fmt::format("{}: is no object", source_path)};
  if (status.size != expected.size) {
    return Error{ErrorKind::exists,
                 fmt::format("{}: holds {} bytes instead of {}", source_path, status.size, expected.size)};
  }
  const FileBody body(std::make_shared<const File>(std::move(source)), expected.size);
  return put(to, body, "", deadline);
}

Result<std::optional<StoredObject>> LocalFolderStore::stat(const std::string& key, const Deadline& deadline) {
  TRY(check(deadline));
  TRY_ASSIGN(const std::string path, path_of(key));
  Result<FileStatus> status = status_of(path);
  if (!status && status.error().kind != ErrorKind::not_found) return std::move(status).error();
  if (!status || status->type != FileType::regular) return std::optional<StoredObject>();
  return std::optional(object_of(*status));
}

Result<ListPage> LocalFolderStore::list(const std::string& prefix, const std::string& cursor,
                                        const Deadline& deadline) {
  TRY(check(deadline));
  if (use_ == FolderUse::read) TRY(check_folder());
  return Lister(folder_, prefix, cursor).run();
}

Result<std::string> LocalFolderStore::get(const std::string& key, uint64_t offset, uint64_t length,
                                          const Deadline& deadline) {
  TRY(check(deadline));
  TRY_ASSIGN(const std::string path, path_of(key));
  TRY_ASSIGN(const File file, File::open_for_reading(path));
  TRY_ASSIGN(const FileStatus status, file.status());
  if (status.type != FileType::regular)
    return Error{ErrorKind::not_found, fmt::format("{}: is no object", path)};
  if (offset >= status.size) return std::string();
  std::string content(static_cast<size_t>(std::min(length, status.size - offset)), '\0');
  TRY_ASSIGN(const size_t got, file.read_at(offset, content));
  content.resize(got);
  return content;
}

Result<void> LocalFolderStore::remove(const std::string& key, const Deadline& deadline) {
  TRY(check(deadline));
  TRY_ASSIGN(const std::string path, path_of(key));
  return remove_file(path);
}

Result<void> LocalFolderStore::abort_unfinished_uploads(const std::string&, const Deadline& deadline) {
  TRY(check(deadline));
  const std::string unfinished = fmt::format("{}/{}", folder_, kUnfinishedFolder);
  Result<std::vector<std::string>> names = names_in(unfinished);
  if (!names) {
    if (names.error().kind == ErrorKind::not_found) return {};
    return std::move(names).error();
  }
  const int64_t oldest = clock_.unix_nanoseconds() - Nanoseconds(kUnfinishedLifetime).count();
  for (const std::string& name : *names) {
    const std::string path = fmt::format("{}/{}", unfinished, name);
    const Result<FileStatus> status = status_of(path);
    if (status && status->type == FileType::regular && status->modified_nanoseconds < oldest)
      TRY(remove_file(path));
  }
  return {};
}

}  // namespace rayhistory
