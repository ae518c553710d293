// The rotated generations of logs, which their writers rename from `x.out.1` to `.2` and so on until the
// ring's end deletes them. A generation is a file, not a name: it gets its object key when it is first seen
// as a backup and keeps it under whatever number it has later.
//
// Generations that are not stored yet are held open, the highest numbers first, so that the ring can turn
// past them without taking their bytes away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/file.h"
#include "logs/log_place.h"
#include "shipper/shipment_consumer.h"

namespace rayhistory::collector {

struct FileIdentityHash {
  size_t operator()(const FileIdentity& identity) const {
    return std::hash<uint64_t>()(identity.inode ^ (identity.device << 48) ^
                                 static_cast<uint64_t>(identity.birth_nanoseconds));
  }
};

// How many rotated files may be held open: few enough that uploads and connections always find descriptors.
size_t held_open_limit();

// Not for several threads at once; what a Shipment's on_stored does may come from any.
class RotatedFiles {
 public:
  // `place` and `consumer` must outlive it.
  RotatedFiles(const LogPlace& place, ShipmentConsumer& consumer, size_t limit_open);

  struct Sighting {
    std::string path;       // below the folder
    std::string live_path;  // of the log that it was
    uint64_t number = 0;
    FileStatus status;
    uint32_t generation = 0;                     // of the live file, if it was seen as that
    std::shared_ptr<const File> held = nullptr;  // its descriptor, if it was held as the live file
  };
  // It is there now. True when it was not known before.
  bool seen(const Sighting& sighting);
  // The ring has turned past a live log since the last look at it: its last name is deleted, and `held` is
  // all that is left of it.
  void evicted(const std::string& live_path, const FileStatus& status, uint32_t generation,
               std::shared_ptr<const File> held);
  // Nothing, or another file, is at a path where one may have been.
  void path_vanished(const std::string& path);
  bool knows(const FileIdentity& file) const { return files_.contains(file); }
  bool has_backup_of(const std::string& live_path) const { return at_path_.contains(live_path + ".1"); }
  // Of one that is known: whether it is offered as a log of that node (an index of the place's).
  bool is_of(const FileIdentity& file, size_t node) const { return files_.at(file).node == node; }

  struct Lost {
    FileIdentity identity;
    std::string live_path;
    uint64_t number;
  };
  // Those that are no longer where they were seen, and were not seen elsewhere since.
  std::vector<Lost> lost() const;
  // Nobody could find it: its name was deleted. Held open it goes on; otherwise what is not stored is given
  // up.
  void gone(const FileIdentity& identity);

  // Before a look: takes note of what has been stored since.
  void take_stored();
  // After a look: gives the descriptors to those that the ring will take next.
  void share_descriptors();

  // Every known file that is not among those seen since the last call, for a scan that has seen everything.
  void begin_scan() { ++scan_; }
  void end_scan();

  size_t count() const { return at_path_.size(); }
  size_t unreadable() const;

 private:
  struct Rotated {
    FileIdentity identity;
    std::string path;
    std::string live_path;
    int64_t modified_nanoseconds = 0;  // at first sight: part of the key
    uint64_t number = 0;
    uint64_t size = 0;
    uint64_t scan = 0;
    uint32_t generation = 0;
    size_t node = 0;  // by its modification time
    bool stored = false;
    bool has_name = true;  // false: deleted, alive only as long as it is held open
    bool unreadable = false;
    std::shared_ptr<const File> held;
  };
  struct StoredReport {
    FileIdentity identity;
    uint64_t size;
    size_t node;
  };
  struct StoredReports {
    std::mutex mutex;
    std::vector<StoredReport> files;
  };
  using Files = std::unordered_map<FileIdentity, Rotated, FileIdentityHash>;

  std::string key_of(const Rotated& file) const;
  void offer(const Rotated& file);
  void keep_nameless(Rotated& file);
  // The file is at the sighting's path now, and whatever was seen there before is lost for the moment. True
  // if it was elsewhere before.
  bool take_path(Rotated& file, const Sighting& sighting);
  bool hold(Rotated& file);
  void release(Rotated& file);
  void erase(const FileIdentity& identity);
  void limit_nameless();

  const LogPlace& place_;
  ShipmentConsumer& consumer_;
  const size_t limit_open_;
  Files files_;
  std::unordered_map<std::string, FileIdentity> at_path_;
  std::unordered_set<FileIdentity, FileIdentityHash> lost_;
  std::vector<FileIdentity> nameless_;  // held open without a name, in the order in which they lost it
  size_t held_ = 0;
  uint64_t scan_ = 0;
  bool shares_changed_ = false;
  std::shared_ptr<StoredReports> reports_ = std::make_shared<StoredReports>();
};

}  // namespace rayhistory::collector
