#include "logs/log_tracker.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/shared_path.h"
#include "base/slowing_pace.h"
#include "logs/live_logs.h"
#include "logs/log_tree.h"
#include "logs/log_warnings.h"

namespace rayhistory::collector {
namespace {

// However often a writer changes a file, the tracker looks at it once in this time.
constexpr Nanoseconds kLookInterval = Seconds(1);
// Without hints only scans find growth.
constexpr Nanoseconds kScanIntervalWithoutHints = Seconds(5);
// Pause between two looks at the logs that are being rotated. A ring that turns completely in less time than
// this loses generations that no look has seen; the tracker then says how many.
constexpr Nanoseconds kRingLookInterval = Milliseconds(100);
// The pause after a scan is at least this many times as long as the scan, so that scans take 2 % of a core at
// most.
constexpr int kScanPauseFactor = 50;

using Names = std::set<std::string, std::less<>>;

}  // namespace

class LogTracker::State {
 public:
  State(LogPlace place, ShipmentConsumer& consumer, const Clock& clock, LogTrackerOptions options)
      : clock_(clock),
        options_(options),
        tree_(place.folder),
        warnings_(place.folder.str()),
        logs_(std::move(place), consumer, clock, tree_, warnings_, options.held_open) {
    if (options_.use_hints) tree_.open_hints();
  }

  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      do {
        look();
      } while (wait_for_next_look(stop));
    });
  }

  void stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }

  void set_nodes(const std::vector<NodeLogs>& nodes) {
    const std::lock_guard lock(mutex_);
    logs_.add_nodes(nodes);
    next_scan_ = {};
  }

  LogTotals scan_now() {
    const std::lock_guard lock(mutex_);
    logs_.begin_look();
    read_hints();  // for what they say of names
    scan();
    // The hints name what moved while the scan went on.
    read_hints();
    look_at_dirty();
    return end_look();
  }

  LogTotals look() {
    const std::lock_guard lock(mutex_);
    logs_.begin_look();
    read_hints();
    if (clock_.steady_now() >= next_scan_) {
      scan();
    } else {
      look_at_dirty();
    }
    return end_look();
  }

  LogTotals totals() const {
    const std::lock_guard lock(totals_mutex_);
    return totals_;
  }

 private:
  // ---- time

  Nanoseconds look_interval() const {
    return std::clamp<Nanoseconds>(options_.scan_interval, kRingLookInterval, kLookInterval);
  }

  // False when the thread is to stop.
  bool wait_for_next_look(const std::stop_token& stop) {
    const SteadyTime next_look = clock_.steady_now() + look_interval();
    while (clock_.steady_now() < next_look) {
      const Nanoseconds left = next_look - clock_.steady_now();
      if (!has_turning_rings()) return clock_.sleep_for(left, stop);
      if (!clock_.sleep_for(std::min<Nanoseconds>(kRingLookInterval, left), stop)) return false;
      look_at_rings();
    }
    return !stop.stop_requested();
  }

  bool has_turning_rings() {
    const std::lock_guard lock(mutex_);
    return logs_.has_turning_rings();
  }

  // Growth is left to the ordinary looks.
  void look_at_rings() {
    const std::lock_guard lock(mutex_);
    const std::vector<std::string> turned = logs_.turned_rings();
    // Counting walks all folders, which ten times a second is too often where nothing happened.
    if (turned.empty()) return;
    logs_.begin_look();
    for (const std::string& path : turned) {
      const SplitPath live = split_path(path);
      LogFolder& folder = *tree_.find(live.prefix);
      if (const auto open = tree_.open(folder.prefix)) look_at(folder, *open, {std::string(live.name)});
    }
    end_look();
  }

  void scan_soon() { next_scan_ = std::min(next_scan_, earliest_scan_); }

  void read_hints() {
    if (tree_.read_hints() == LogTree::Hints::lost) scan_soon();
  }

  // ---- scans

  void scan() {
    const SteadyTime began = clock_.steady_now();
    warnings_.begin_scan();
    tree_.begin_scan();
    logs_.begin_scan();
    LogFolder& root = tree_.root();
    const auto open = tree_.open("");
    if (open) {
      scan_folder(root, *open, 0);
      logs_.end_scan();
      logs_.first_scan_done();
      note_there();
    } else if (open.error().kind == ErrorKind::not_found) {
      // Ray makes it some time after the session's folder.
      drop_content(root);
      logs_.end_scan();
      note_missing();
    } else {
      warn_unreadable(root, folder_path(), open.error());
    }
    const SteadyTime ended = clock_.steady_now();
    const Nanoseconds wanted =
        tree_.hints_are_complete() ? options_.scan_interval : kScanIntervalWithoutHints;
    const Nanoseconds interval = open ? std::min(wanted, options_.scan_interval) : kLookInterval;
    earliest_scan_ = ended + std::max<Nanoseconds>(look_interval(), kScanPauseFactor * (ended - began));
    next_scan_ = std::max(began + interval, earliest_scan_);
  }

  void scan_folder(LogFolder& folder, const OpenFolder& open, int depth) {
    tree_.watch(folder, open);
    logs_.begin_listing();
    SeenFiles seen;
    Names subfolders;
    const auto listed = open.for_each([&](std::string_view name, FileType type) {
      if (type == FileType::directory) {
        subfolders.emplace(name);
      } else if (type == FileType::symlink) {
        log_no_log(folder, std::string(name));
      } else {
        note(folder, open, std::string(name), seen, subfolders);
      }
    });
    if (!listed) return warn_unreadable(folder, open.path(), listed.error());
    folder.unreadable = false;
    logs_.settle(folder, open, std::move(seen));

    // A listing may miss a name that is being replaced: only a look at the name itself says that it is gone.
    look_at(folder, open, logs_.names_not_listed(folder));
    for (auto it = folder.folders.begin(); it != folder.folders.end();) {
      if (subfolders.contains(it->first)) {
        ++it;
      } else {
        drop_content(*it->second);
        it = folder.folders.erase(it);
      }
    }
    for (const std::string& name : subfolders)
      scan_subfolder(folder, open, name, depth + 1);
  }

  void scan_subfolder(LogFolder& parent, const OpenFolder& open_parent, const std::string& name, int depth) {
    std::unique_ptr<LogFolder>& folder = parent.folders[name];
    if (!folder) {
      folder = std::make_unique<LogFolder>();
      folder->prefix = parent.prefix + name + "/";
    }
    if (depth > kFolderDepthLimit) {
      if (std::exchange(folder->too_deep, true)) return;
      log_warning("logs are nested too deep and are not stored",
                  {{"folder", open_parent.path() + "/" + name}, {"levels", kFolderDepthLimit}});
      return;
    }
    const auto open = open_parent.open_below(name);
    if (open) return scan_folder(*folder, *open, depth);
    if (open.error().kind != ErrorKind::not_found)
      return warn_unreadable(*folder, open_parent.path() + "/" + name, open.error());
    drop_content(*folder);
    parent.folders.erase(name);
  }

  // ---- names

  void look_at_dirty() {
    while (const auto dirty = tree_.take_dirty()) {
      if (const auto open = tree_.open(dirty->folder->prefix)) {
        look_at(*dirty->folder, *open, dirty->names);
      } else {
        scan_soon();
      }
    }
  }

  void look_at(LogFolder& folder, const OpenFolder& open, const Names& names) {
    SeenFiles seen;
    Names subfolders;
    std::vector<std::string> vanished;
    for (const std::string& name : names) {
      const auto status = open.status_of(name);
      const bool is_gone =
          status ? status->type != FileType::regular : status.error().kind == ErrorKind::not_found;
      if (is_gone) vanished.push_back(name);
      note(folder, open, name, seen, subfolders);
    }
    logs_.settle(folder, open, std::move(seen));
    for (const std::string& name : vanished)
      logs_.vanished(folder, open, name);
    for (const std::string& name : vanished) {
      const auto known = folder.folders.find(name);
      if (known == folder.folders.end() || subfolders.contains(name)) continue;
      drop_content(*known->second);
      folder.folders.erase(known);
    }
    const auto depth = static_cast<int>(std::count(folder.prefix.begin(), folder.prefix.end(), '/'));
    for (const std::string& name : subfolders)
      scan_subfolder(folder, open, name, depth + 1);
  }

  void note(LogFolder& folder, const OpenFolder& open, std::string name, SeenFiles& seen, Names& subfolders) {
    const auto status = open.status_of(name);
    if (!status) {
      if (status.error().kind != ErrorKind::not_found)
        logs_.unreadable(folder, name, {}, open.path() + "/" + name, status.error());
    } else if (status->type == FileType::directory) {
      subfolders.insert(std::move(name));
    } else if (status->type != FileType::regular) {
      log_no_log(folder, name);
    } else {
      logs_.note(folder, std::move(name), *status, seen);
    }
  }

  void drop_content(LogFolder& folder) {
    logs_.forget_all(folder);
    for (const auto& [name, below] : folder.folders)
      drop_content(*below);
    folder.folders.clear();
    tree_.leave(folder);
  }

  // ---- what is logged and counted

  std::string folder_path() const { return logs_.place().folder.str(); }

  void note_missing() {
    if (!missing_.due(clock_.steady_now())) return;
    missing_logged_ = true;
    log_warning("the session has no logs folder, so no logs are stored; looking for it all the time",
                {{"folder", folder_path()},
                 {"advice",
                  "see whether Ray started at all, and whether its --temp-dir lies on the volume that the "
                  "collector has at RAY_TMP_ROOT"}});
  }

  void note_there() {
    missing_.reset();
    if (std::exchange(missing_logged_, false))
      log_info("the session has a logs folder now", {{"folder", folder_path()}});
  }

  void log_no_log(LogFolder& folder, const std::string& name) const {
    if (!folder.told.insert(name).second) return;
    log_debug("no regular file, not stored",
              {{"path", (logs_.place().folder / (folder.prefix + name)).str()}});
  }

  void warn_unreadable(LogFolder& folder, const std::string& path, const Error& error) {
    if (std::exchange(folder.unreadable, true)) return;
    warnings_.warn("log folder cannot be read", path, error);
  }

  static uint64_t unreadable_folders(const LogFolder& folder) {
    uint64_t count = folder.unreadable ? 1 : 0;
    for (const auto& [name, below] : folder.folders)
      count += unreadable_folders(*below);
    return count;
  }

  LogTotals end_look() {
    logs_.end_look();
    LogTotals totals = logs_.totals();
    totals.unreadable += unreadable_folders(tree_.root());
    const std::lock_guard lock(totals_mutex_);
    return totals_ = totals;
  }

  const Clock& clock_;
  const LogTrackerOptions options_;

  mutable std::mutex mutex_;  // one look at a time; guards what follows
  LogTree tree_;
  LogWarnings warnings_;
  LiveLogs logs_;
  SlowingPace missing_;  // the logs folder
  bool missing_logged_ = false;
  SteadyTime next_scan_{};
  SteadyTime earliest_scan_{};

  mutable std::mutex totals_mutex_;  // a reader must not wait for a scan
  LogTotals totals_;

  std::jthread thread_;
};

LogTracker::LogTracker(LogPlace place, ShipmentConsumer& consumer, const Clock& clock,
                       LogTrackerOptions options)
    : state_(std::make_unique<State>(std::move(place), consumer, clock, options)) {}

LogTracker::~LogTracker() {
  state_->stop();
}

void LogTracker::set_nodes(const std::vector<NodeLogs>& nodes) {
  state_->set_nodes(nodes);
}
void LogTracker::start() {
  state_->start();
}
void LogTracker::stop() {
  state_->stop();
}
LogTotals LogTracker::scan_now() {
  return state_->scan_now();
}
LogTotals LogTracker::look_now() {
  return state_->look();
}
LogTotals LogTracker::totals() const {
  return state_->totals();
}

}  // namespace rayhistory::collector
