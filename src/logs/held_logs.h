// Descriptors of live logs that may be rotated away between two looks at them. A fast ring can rename a log
// through all of its backup names and delete it before the next look; its bytes can then only be read through
// a descriptor that was opened while the log still had a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/file.h"
#include "logs/rotated_files.h"

namespace rayhistory::collector {

// A log of at least this size is held although it was never rotated, because its writer is likely to limit
// it: the smallest limit that Ray's loggers and Python's examples use in practice is 1 MiB.
inline constexpr uint64_t kLargeLogBytes = uint64_t{1024} * 1024;

// Not for several threads at once.
class HeldLogs {
 public:
  enum class Reason {
    large,    // it has grown to kLargeLogBytes or more
    rotates,  // a log of its name was rotated before
  };

  // At most `limit` descriptors, because uploads and connections need the others.
  explicit HeldLogs(size_t limit) : limit_(limit) {}

  // Keeps `file` open, if there is room. A log that rotates takes the place of one that is merely large.
  void hold(const FileIdentity& identity, File file, Reason reason);
  void release(const FileIdentity& identity) { held_.erase(identity); }
  // The descriptor of a log, or nothing if it is not held.
  std::shared_ptr<const File> find(const FileIdentity& identity) const;

  // The descriptor of a log that has lost its last name. Nothing, if the log is not held or has a name still;
  // it is not held any more when this returns a descriptor.
  std::shared_ptr<const File> take_deleted(const FileIdentity& identity);

 private:
  struct Held {
    std::shared_ptr<const File> file;
    Reason reason;
  };

  const size_t limit_;
  std::unordered_map<FileIdentity, Held, FileIdentityHash> held_;
};

}  // namespace rayhistory::collector
