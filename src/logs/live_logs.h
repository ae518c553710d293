// Tells what became of the files of one folder of logs between two looks (log_tracker.h says what a file can
// be) and offers them to a consumer of shipments.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/open_folder.h"
#include "layout/rotated_log.h"
#include "logs/held_logs.h"
#include "logs/log_place.h"
#include "logs/log_totals.h"
#include "logs/log_tree.h"
#include "logs/log_warnings.h"
#include "logs/rotated_files.h"
#include "shipper/shipment_consumer.h"

namespace rayhistory::collector {

// The files that one look at a folder has found and not yet acted on. Renamed generations come before the
// files that took their names.
struct SeenFiles {
  struct Backup {
    std::string name;
    RotatedBackup backup;
    FileStatus status;
  };
  struct Live {
    std::string name;
    FileStatus status;
  };
  std::vector<Backup> backups;
  std::vector<Live> live;
};

// Not for several threads at once.
class LiveLogs {
 public:
  // `consumer`, `clock`, `tree` and `warnings` must outlive it.
  LiveLogs(LogPlace place, ShipmentConsumer& consumer, const Clock& clock, LogTree& tree,
           LogWarnings& warnings, size_t held_open);
  LiveLogs(const LiveLogs&) = delete;
  LiveLogs& operator=(const LiveLogs&) = delete;

  const LogPlace& place() const { return place_; }
  void add_nodes(const std::vector<NodeLogs>& nodes);

  void begin_look() { rotated_.take_stored(); }
  // Looks for generations that were not where they had been, and shares out the descriptors.
  void end_look();
  void begin_scan() { rotated_.begin_scan(); }
  void end_scan() { rotated_.end_scan(); }
  // From now on a generation that is new to the tracker was rotated while it looked on.
  void first_scan_done() { is_first_scan_ = false; }
  void begin_listing() { ++listing_; }
  // The names in the folder that the listing begun last has not shown.
  std::set<std::string, std::less<>> names_not_listed(const LogFolder& folder) const;

  // Takes note of a regular file that a look has found.
  void note(LogFolder& folder, std::string name, const FileStatus& status, SeenFiles& seen);
  // Acts on all that the look has found.
  void settle(LogFolder& folder, const OpenFolder& open, SeenFiles seen);
  void unreadable(LogFolder& folder, const std::string& name, const FileStatus& status,
                  const std::string& path, const Error& error);
  // The name leads to no log any more.
  void vanished(LogFolder& folder, const OpenFolder& open, const std::string& name);
  // Nothing in the folder can be reached any more.
  void forget_all(LogFolder& folder);

  // Paths of logs whose rings have turned lately, and whose names lead to another file than before.
  std::vector<std::string> turned_rings();
  bool has_turning_rings() const { return !turning_.empty(); }

  // Without the folders that cannot be read.
  LogTotals totals() const;

 private:
  struct Names {  // where a live file is
    LogFolder& folder;
    const OpenFolder& open;
    const std::string& name;
    std::string path() const { return folder.prefix + name; }
  };

  bool is_unchanged(LogFolder& folder, const std::string& name, const FileStatus& status) const;
  void settle_backups(LogFolder& folder, std::vector<SeenFiles::Backup> backups);
  void look_at_ring(LogFolder& folder, const OpenFolder& open, const std::string& live_name, uint64_t number);
  void live_seen(const Names& at, const FileStatus& status);
  std::optional<File> open_live(const Names& at, const FileStatus& status);
  std::optional<LiveFile> measured(const File& file, const FileStatus& status) const;
  // Gives `measured` what is known of its name from `before`, the same file or another one.
  void carry_over(const Names& at, const LiveFile& before, const File& file, LiveFile& measured);
  void offer_change(const Names& at, const LiveFile* before, const LiveFile& now);
  bool changed_just_now(const FileStatus& status) const;
  void leave(const std::string& path, const LiveFile& file, bool is_gone);
  void generation_left(const Names& at, const LiveFile& old);
  bool take_evicted(const Names& at, const LiveFile& old);
  void ring_turned(const LogFolder& folder, const std::string& name, LiveFile& live);
  void log_unseen_generations(const Names& at, LiveFile& live);
  void hold(const std::string& name, const LiveFile& live, File file);
  void forget(LogFolder& folder, const std::string& name);
  void offer(const LogFolder& folder, const std::string& name, const LiveFile& file, bool renamed_over);
  void log_too_many(const LogFolder& folder, const std::string& name);

  LogPlace place_;
  ShipmentConsumer& consumer_;
  const Clock& clock_;
  LogTree& tree_;
  LogWarnings& warnings_;
  RotatedFiles rotated_;
  HeldLogs held_;
  std::unordered_map<std::string, SteadyTime> turning_;  // live paths of rings, and when each turned last
  bool is_first_scan_ = true;
  bool too_many_logged_ = false;
  uint32_t listing_ = 0;
  uint64_t file_count_ = 0;
  LogTotals totals_;  // without `files` and `rotations`
};

}  // namespace rayhistory::collector
