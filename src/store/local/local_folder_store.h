// A Store in a folder of this machine: a key is a path below it.
//
// Whole objects are written beside the tree and renamed into it; extensions are appended and synced. Several
// processes may share the folder (a volume mounted by many pods) as long as each key has one writer.
//
// Keys that a folder cannot hold are `invalid`: an empty, "." or ".." segment, a NUL, a segment longer than
// 255 bytes, one that runs through an object ("a/b" beside "a"), or one in the folder's own area for
// unfinished files.
#pragma once

#include <string>

#include "store/store.h"

namespace rayhistory {

enum class FolderUse {
  write,  // ensure_bucket makes the folder, and until then nothing is in it
  read,   // it is there, or listing it is an error: a path that is mistaken, a volume that is not mounted
};

class LocalFolderStore final : public Store {
 public:
  // `clock` must outlive the store.
  LocalFolderStore(std::string folder, const Clock& clock, FolderUse use = FolderUse::write);

  std::string description() const override;
  std::string credentials_origin() const override { return {}; }
  Result<void> ensure_bucket(const Deadline& deadline) override;
  Result<StoredObject> put(const std::string& key, const Body& body, std::string_view content_type,
                           const Deadline& deadline) override;
  // Puts without looking at `before`: no write of this machine arrives after its process was killed.
  Result<StoredObject> replace(const std::string& key, const std::optional<StoredObject>& before,
                               const Body& body, std::string_view content_type,
                               const Deadline& deadline) override;
  Result<StoredObject> extend(const std::string& key, const StoredObject& stored, const Body& whole,
                              std::string_view content_type, const Deadline& deadline) override;
  Result<StoredObject> copy(const std::string& from, const StoredObject& expected, const std::string& to,
                            const Deadline& deadline) override;
  Result<std::optional<StoredObject>> stat(const std::string& key, const Deadline& deadline) override;
  Result<ListPage> list(const std::string& prefix, const std::string& cursor,
                        const Deadline& deadline) override;
  Result<std::string> get(const std::string& key, uint64_t offset, uint64_t length,
                          const Deadline& deadline) override;
  Result<void> remove(const std::string& key, const Deadline& deadline) override;
  // Unfinished files older than a day, whatever their key: they belong to a process that was killed.
  Result<void> abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) override;
  Result<std::vector<std::string>> bucket_warnings(const Deadline&) override {
    return std::vector<std::string>();
  }

 private:
  Result<std::string> path_of(const std::string& key) const;
  Result<void> make_place_for(const std::string& key, const std::string& path) const;
  // Renames the finished file to its place, durably.
  Result<void> publish(const std::string& temporary, const std::string& key, const std::string& path) const;
  std::string temporary_path() const;
  Result<void> check(const Deadline& deadline) const;
  // `denied` where it is none.
  Result<void> check_folder() const;
  Result<void> append_range(class File& file, const Body& body, uint64_t offset,
                            const Deadline& deadline) const;

  const std::string folder_;
  const Clock& clock_;
  const FolderUse use_;
};

}  // namespace rayhistory
