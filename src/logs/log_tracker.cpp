#include "logs/log_tracker.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/shared_path.h"
#include "base/slowing_pace.h"
#include "base/tail_digest.h"
#include "layout/rotated_log.h"
#include "logs/change_hints.h"
#include "logs/content_digest.h"
#include "logs/held_logs.h"
#include "store/store.h"

namespace rayhistory {
namespace {

// A writer's storm of changes costs one look a second and file.
constexpr Nanoseconds kLookInterval = Seconds(1);
// Without hints growth is only found by scanning.
constexpr Nanoseconds kScanIntervalWithoutHints = Seconds(5);
// Pause between two looks at the logs that are being rotated. A ring of a single backup that turns in less
// time than this loses generations that no look has seen; the tracker then says how many.
constexpr Nanoseconds kRingLookInterval = Milliseconds(100);
// A ring that has not turned for this long gets no looks of its own any more.
constexpr Nanoseconds kRingAtRest = Seconds(60);
// At most this many rings get looks of their own, one stat each, so that these looks cost less than 0.1 % of
// a core.
constexpr size_t kTurningRingsLimit = 64;
// A scan is followed by at least so many times its own length: 2 % of a core at the most.
constexpr int kScanPauseFactor = 50;
// 60 MB here and as much again in the shipper: what fits the operator's 256 MiB beside everything else.
constexpr uint64_t kFilesLimit = 200'000;
// A scan that finds a whole tree unreadable says so with this many examples.
constexpr int kWarningsPerScan = 20;
// Numbers of backups looked at in a row; RAY_ROTATION_BACKUP_COUNT is 5 by default. A ring being turned has
// one gap.
constexpr uint64_t kRingLimit = 4096;
constexpr int kRingGap = 2;
// Two writes within one tick of the kernel's clock leave the same times (Linux before 6.13): 10 ms where it
// ticks 100 times a second, and as much again for the clock that we read.
constexpr Nanoseconds kTimestampTick = Milliseconds(20);

// What the hints say of a name since the last look at it.
enum class NameNews {
  none,
  left,          // its file was deleted or renamed
  renamed_over,  // another file was renamed over its file
};

struct LiveFile {
  FileIdentity identity;
  uint64_t size = 0;
  int64_t modified_nanoseconds = 0;
  int64_t changed_nanoseconds = 0;
  uint64_t tail = 0;    // tail_digest of `size` bytes
  uint64_t digest = 0;  // content_digest of them
  uint32_t generation = 0;
  uint32_t listing = 0;  // of its folder, that saw it last
  size_t node = 0;       // that it was offered as a log of
  bool unreadable = false;
  bool offered = false;
  bool may_change_unseen = false;  // within the tick in which it was looked at
  NameNews news = NameNews::none;
  bool renamed_within = false;  // its file has another name in a folder that is watched
  bool has_grown = false;       // since it was first seen, as a log does and a status file does not
  bool rotates = false;         // a file of its name was rotated before
  bool is_missing = false;      // the last look found no file of its name, which may be between two renames
  // Renames to its first backup that inotify told of, minus the generations that looks have found.
  int64_t unseen_generations = 0;
};

struct Folder {
  std::string prefix;  // of the paths in it: "" or "serve/"
  int watch = -1;
  bool unreadable = false;
  bool too_deep = false;
  std::map<std::string, LiveFile, std::less<>> files;
  std::map<std::string, std::unique_ptr<Folder>, std::less<>> folders;
  std::set<std::string, std::less<>> told;   // what is no log, so that it is told once
  std::set<std::string, std::less<>> dirty;  // names to look at
};

struct SeenBackup {
  std::string name;
  RotatedBackup backup;
  FileStatus status;
};
struct SeenLive {
  std::string name;
  FileStatus status;
};
// What a look has found and not yet acted on: renamed generations come before the files that took their
// names.
struct Seen {
  std::vector<SeenBackup> backups;
  std::vector<SeenLive> live;
};

// Ray opens these with O_TRUNC every 10 s and writes the state of the process (NodeManager::DumpDebugState).
bool is_state_dump(std::string_view name) {
  return name.starts_with("debug_state") && name.ends_with(".txt");
}

}  // namespace

class LogTracker::State {
 public:
  State(LogPlace place, LogSink sink, const Clock& clock, LogTrackerOptions options)
      : place_(std::move(place)),
        sink_(std::move(sink)),
        clock_(clock),
        options_(options),
        rotated_(place_, sink_, options.held_open),
        held_(options.held_open) {
    if (options_.use_hints) open_hints();
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
    for (const NodeLogs& node : nodes) {
      const bool is_known = std::any_of(place_.nodes.begin(), place_.nodes.end(), [&](const NodeLogs& known) {
        return known.key_of("any.log") == node.key_of("any.log");
      });
      if (!is_known) place_.nodes.push_back(node);
    }
    next_scan_ = {};
  }

  LogTotals scan_now() {
    const std::lock_guard lock(mutex_);
    rotated_.take_stored();
    read_hints();  // for what they say of names
    scan();
    // What moved under the scan's eyes is where the hints say.
    read_hints();
    look_at_dirty();
    end_look();
    return totals_now();
  }

  LogTotals look_at_rings() {
    const std::lock_guard lock(mutex_);
    rotated_.take_stored();
    for (auto ring = turning_.begin(); ring != turning_.end();) {
      if (clock_.steady_now() - ring->second > kRingAtRest) {
        ring = turning_.erase(ring);
        continue;
      }
      look_at_path(ring->first);
      ++ring;
    }
    end_look();
    return totals_now();
  }

  LogTotals look() {
    const std::lock_guard lock(mutex_);
    rotated_.take_stored();
    read_hints();
    if (clock_.steady_now() >= next_scan_) {
      scan();
    } else {
      look_at_dirty();
    }
    end_look();
    return totals_now();
  }

  LogTotals totals() const {
    const std::lock_guard lock(totals_mutex_);
    return totals_;
  }

 private:
  // False when the thread is to stop.
  bool wait_for_next_look(const std::stop_token& stop) {
    const SteadyTime next_look = clock_.steady_now() + look_interval();
    while (clock_.steady_now() < next_look) {
      if (!has_turning_rings()) return clock_.sleep_for(next_look - clock_.steady_now(), stop);
      if (!clock_.sleep_for(std::min<Nanoseconds>(kRingLookInterval, next_look - clock_.steady_now()), stop))
        return false;
      look_at_rings();
    }
    return !stop.stop_requested();
  }

  Nanoseconds look_interval() const {
    return std::clamp<Nanoseconds>(options_.scan_interval, kRingLookInterval, kLookInterval);
  }

  bool has_turning_rings() {
    const std::lock_guard lock(mutex_);
    return !turning_.empty();
  }

  // ---- hints

  void open_hints() {
    auto hints = ChangeHints::open();
    if (hints) {
      hints_.emplace(std::move(*hints));
    } else {
      tell_no_hints(hints.error());
    }
  }

  void tell_no_hints(const Error& error) {
    hints_complete_ = false;
    if (std::exchange(told_no_hints_, true)) return;
    log_warning("cannot watch the logs for changes, scanning alone",
                {{"folder", place_.folder.str()}, {"error", error.message}});
  }

  void watch(Folder& folder, const OpenFolder& open) {
    if (!hints_) return;
    const auto watch = hints_->watch(open.descriptor());
    if (!watch) return tell_no_hints(watch.error());
    if (folder.watch != *watch) unwatch(folder);  // another folder took its name
    folder.watch = *watch;
    by_watch_[*watch] = &folder;
  }

  void unwatch(Folder& folder) {
    const auto watched = by_watch_.find(folder.watch);
    folder.watch = -1;
    // A folder that was renamed keeps its watch, which is then another Folder's.
    if (watched == by_watch_.end() || watched->second != &folder) return;
    hints_->unwatch(watched->first);
    by_watch_.erase(watched);
  }

  void read_hints() {
    for (auto& [prefix, name] : std::exchange(look_again_, {}))
      if (Folder* folder = find_folder(prefix)) mark_dirty(*folder, name);
    if (!hints_) return;
    const auto read = hints_->read([&](const ChangeHints::Hint& hint) {
      if (hint.watch < 0) {
        scan_soon();
        return;
      }
      const auto found = by_watch_.find(hint.watch);
      if (found == by_watch_.end()) return;
      if (hint.name.empty()) {
        found->second->watch = -1;
        by_watch_.erase(found);
      } else {
        note_news(*found->second, hint);
        mark_dirty(*found->second, hint.name);
      }
    });
    if (!read) tell_no_hints(read.error());
  }

  void note_news(Folder& folder, const ChangeHints::Hint& hint) {
    // The kernel tells of both ends of a renaming one after the other.
    const auto moved = std::exchange(moved_out_, std::nullopt);
    if (hint.what == ChangeHints::What::moved_in && moved && moved->renaming == hint.renaming) {
      if (Folder* from = find_folder(moved->prefix)) {
        if (const auto file = from->files.find(moved->name); file != from->files.end()) {
          file->second.renamed_within = true;
          if (from == &folder && hint.name == moved->name + ".1") ++file->second.unseen_generations;
        }
      }
    }
    if (hint.what == ChangeHints::What::changed) return;
    if (hint.what == ChangeHints::What::moved_out)
      moved_out_ = MovedOut{hint.renaming, folder.prefix, std::string(hint.name)};
    const auto file = folder.files.find(hint.name);
    if (file == folder.files.end()) return;
    if (hint.what != ChangeHints::What::moved_in) {
      file->second.news = NameNews::left;
    } else if (file->second.news == NameNews::none) {
      file->second.news = NameNews::renamed_over;
    }
  }

  void mark_dirty(Folder& folder, std::string_view name) {
    if (!folder.dirty.contains(name)) folder.dirty.emplace(name);
    dirty_folders_.insert(&folder);
  }

  // A look found the name changing; the next one will find it at rest, or changed again.
  void look_again(const Folder& folder, const std::string& name) {
    look_again_.emplace_back(folder.prefix, name);
  }

  void look_at_dirty() {
    while (!dirty_folders_.empty()) {
      Folder& folder = **dirty_folders_.begin();
      dirty_folders_.erase(dirty_folders_.begin());
      const auto names = std::exchange(folder.dirty, {});
      const auto open = open_folder(folder.prefix);
      if (!open) {
        scan_soon();
        continue;
      }
      look_at(folder, *open, names);
    }
  }

  // ---- scans

  void scan_soon() { next_scan_ = std::min(next_scan_, earliest_scan_); }

  void scan() {
    const SteadyTime began = clock_.steady_now();
    warnings_left_ = kWarningsPerScan;
    hints_complete_ = hints_.has_value();
    rotated_.begin_scan();
    auto root = open_folder("");
    if (root) {
      scan_folder(root_, *root, 0);
      rotated_.end_scan();
      first_scan_ = false;
      tell_there();
    } else if (root.error().kind == ErrorKind::not_found) {
      // Ray makes it some time after the session's folder.
      drop_content(root_);
      rotated_.end_scan();
      tell_missing();
    } else {
      tell_unreadable(root_.unreadable, place_.folder.str(), root.error());
    }
    const SteadyTime ended = clock_.steady_now();
    const Nanoseconds wanted = hints_complete_ ? options_.scan_interval : kScanIntervalWithoutHints;
    const Nanoseconds interval = root ? std::min(wanted, options_.scan_interval) : kLookInterval;
    earliest_scan_ = ended + std::max<Nanoseconds>(look_interval(), kScanPauseFactor * (ended - began));
    next_scan_ = std::max(began + interval, earliest_scan_);
  }

  void tell_missing() {
    if (!missing_.due(clock_.steady_now())) return;
    is_missing_told_ = true;
    log_warning("the session has no logs folder, so no logs are stored; looking for it all the time",
                {{"folder", place_.folder.str()},
                 {"advice",
                  "see whether Ray started at all, and whether its --temp-dir lies on the volume that the "
                  "collector has at RAY_TMP_ROOT"}});
  }

  void tell_there() {
    missing_.reset();
    if (std::exchange(is_missing_told_, false))
      log_info("the session has a logs folder now", {{"folder", place_.folder.str()}});
  }

  void scan_folder(Folder& folder, const OpenFolder& open, int depth) {
    // Before it is listed, so that what comes while it is listed is hinted at.
    watch(folder, open);
    ++listing_;
    Seen seen;
    std::set<std::string, std::less<>> subfolders;
    const auto listed = open.for_each([&](std::string_view name, FileType type) {
      if (type == FileType::directory) {
        subfolders.emplace(name);
      } else if (type == FileType::symlink) {
        tell_no_log(folder, std::string(name));
      } else {
        note(folder, open, std::string(name), seen, &subfolders);
      }
    });
    if (!listed) return tell_unreadable(folder.unreadable, open.path(), listed.error());
    folder.unreadable = false;
    settle(folder, open, std::move(seen));

    // A listing may miss a name that is being replaced: only a look at the name itself says that it is gone.
    std::set<std::string, std::less<>> missed;
    for (const auto& [name, file] : folder.files)
      if (file.listing != listing_) missed.insert(missed.end(), name);
    look_at(folder, open, missed);

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

  void scan_subfolder(Folder& parent, const OpenFolder& open_parent, const std::string& name, int depth) {
    std::unique_ptr<Folder>& folder = parent.folders[name];
    if (!folder) {
      folder = std::make_unique<Folder>();
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
      return tell_unreadable(folder->unreadable, open_parent.path() + "/" + name, open.error());
    drop_content(*folder);
    parent.folders.erase(name);
  }

  // ---- one name

  void note(Folder& folder, const OpenFolder& open, std::string name, Seen& seen,
            std::set<std::string, std::less<>>* subfolders) {
    const auto status = open.status_of(name);
    if (!status) {
      if (status.error().kind != ErrorKind::not_found)
        live_unreadable(folder, name, {}, open.path() + "/" + name, status.error());
      return;
    }
    if (status->type == FileType::directory) {
      subfolders->insert(std::move(name));
    } else if (status->type != FileType::regular) {
      tell_no_log(folder, name);
    } else if (auto backup = parse_rotated_backup(name)) {
      forget_file(folder, name);  // while it could not be read, it was taken for a live one
      seen.backups.push_back({std::move(name), std::move(*backup), *status});
    } else if (!is_unchanged(folder, name, *status)) {
      seen.live.push_back({std::move(name), *status});
    }
  }

  bool is_unchanged(Folder& folder, const std::string& name, const FileStatus& status) const {
    const auto found = folder.files.find(name);
    if (found == folder.files.end()) return false;
    LiveFile& file = found->second;
    if (file.unreadable || file.may_change_unseen || file.identity != status.identity ||
        file.size != status.size || file.modified_nanoseconds != status.modified_nanoseconds ||
        file.changed_nanoseconds != status.changed_nanoseconds ||
        file.node != place_.node_at(status.modified_nanoseconds))
      return false;
    file.listing = listing_;
    file.news = NameNews::none;
    file.renamed_within = false;
    return true;
  }

  void look_at(Folder& folder, const OpenFolder& open, const std::set<std::string, std::less<>>& names) {
    Seen seen;
    std::set<std::string, std::less<>> subfolders;
    std::vector<std::string> vanished;
    for (const std::string& name : names) {
      const auto status = open.status_of(name);
      const bool is_gone =
          status ? status->type != FileType::regular : status.error().kind == ErrorKind::not_found;
      if (is_gone) vanished.push_back(name);
      note(folder, open, name, seen, &subfolders);
    }
    settle(folder, open, std::move(seen));
    for (const std::string& name : vanished)
      file_vanished(folder, open, name);
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

  void settle(Folder& folder, const OpenFolder& open, Seen seen) {
    settle_backups(folder, std::move(seen.backups));
    for (const SeenLive& live : seen.live)
      live_seen(folder, open, live.name, live.status);
  }

  // The highest number first: the ring takes it next.
  void settle_backups(Folder& folder, std::vector<SeenBackup> backups) {
    std::sort(backups.begin(), backups.end(),
              [](const SeenBackup& a, const SeenBackup& b) { return a.backup.number > b.backup.number; });
    for (const SeenBackup& seen : backups) {
      const auto live = folder.files.find(seen.backup.live_path);
      const bool is_known = live != folder.files.end();
      const bool was_live = is_known && live->second.identity == seen.status.identity;
      const bool is_new = rotated_.seen({.path = folder.prefix + seen.name,
                                         .live_path = folder.prefix + seen.backup.live_path,
                                         .number = seen.backup.number,
                                         .status = seen.status,
                                         .generation = was_live ? live->second.generation : 0,
                                         .held = was_live ? held_.find(live->second.identity) : nullptr});
      if (!is_new) continue;
      if (!first_scan_) ++renamed_;
      if (!first_scan_ && is_known) ring_turned(folder, seen.backup.live_path, live->second);
      const uint64_t counted = was_live ? live->second.size : 0;
      if (seen.status.size > counted) bytes_seen_ += seen.status.size - counted;
    }
  }

  // Takes note of the generations of `live_name` from `number` on. Rotation renames upwards, and this goes
  // upwards too, so a file that was there when it began is not missed.
  void look_at_ring(Folder& folder, const OpenFolder& open, const std::string& live_name, uint64_t number) {
    std::vector<SeenBackup> backups;
    int absent = 0;
    for (uint64_t i = number; i < number + kRingLimit && absent < kRingGap; ++i) {
      std::string name = live_name + "." + std::to_string(i);
      const auto status = open.status_of(name);
      if (status && status->type == FileType::regular) {
        backups.push_back({std::move(name), {live_name, i}, *status});
        absent = 0;
      } else {
        ++absent;
      }
    }
    settle_backups(folder, std::move(backups));
  }

  void live_seen(Folder& folder, const OpenFolder& open, const std::string& name, const FileStatus& status) {
    const auto known = folder.files.find(name);
    const bool is_known = known != folder.files.end();
    if (!is_known && file_count_ >= kFilesLimit) return tell_too_many(folder, name);

    const std::string path = open.path() + "/" + name;
    auto file = open.open_for_reading(name);
    if (!file && file.error().kind == ErrorKind::denied)
      return live_unreadable(folder, name, status, path, file.error());
    if (!file && file.error().kind != ErrorKind::not_found && folder.told.insert(name).second)
      warn("log file cannot be opened, tried again", path, file.error());
    const auto opened = file ? file->status() : Result<FileStatus>(file.error());
    if (!opened || opened->identity != status.identity) return look_again(folder, name);

    const bool was_offered = is_known && known->second.offered;
    const LiveFile before = was_offered ? known->second : LiveFile{};
    LiveFile now = before;
    const bool is_other_file = was_offered && before.identity != status.identity;
    if (!was_offered || is_other_file) {
      if (is_other_file) generation_left(folder, open, name, before);
      now = {};
      now.identity = status.identity;
      if (is_other_file) {
        now.rotates = known->second.rotates;
        now.unseen_generations = known->second.unseen_generations;
      }
    } else if (was_written_anew(name, before, status, *file)) {
      now = {};
      now.identity = before.identity;
      now.generation = before.generation + 1;
      now.rotates = before.rotates;
      now.unseen_generations = before.unseen_generations;
      if (!is_state_dump(name)) ++truncated_;
    }
    const auto tail = tail_digest(*file, status.size);
    const auto digest = content_digest(*file, status.size);
    if (!tail || !digest) return look_again(folder, name);

    bytes_seen_ += status.size - std::min(now.size, status.size);
    now.has_grown = now.has_grown || (now.size > 0 && status.size > now.size);
    now.rotates = now.rotates || rotated_.has_backup_of(folder.prefix + name);
    now.is_missing = false;
    now.size = status.size;
    now.modified_nanoseconds = status.modified_nanoseconds;
    now.changed_nanoseconds = status.changed_nanoseconds;
    now.tail = *tail;
    now.digest = *digest;
    now.news = NameNews::none;
    now.renamed_within = false;
    now.may_change_unseen = changed_just_now(status);
    if (now.may_change_unseen) look_again(folder, name);
    now.listing = listing_;
    now.node = place_.node_at(status.modified_nanoseconds);
    now.offered = true;
    if (is_known && known->second.unreadable) --unreadable_;
    if (!is_known) ++file_count_;
    hold(name, now, std::move(*file));
    folder.files[name] = now;
    const bool is_other_content = now.identity != before.identity || now.generation != before.generation;
    const bool is_another_nodes = was_offered && now.node != before.node;
    if (is_another_nodes) leave(folder.prefix + name, before, is_other_content);
    if (was_offered && !is_other_content && !is_another_nodes && now.size == before.size) return;
    const bool goes_on = before.renamed_within && !rotated_.knows(before.identity);
    if (is_other_file && goes_on && !is_another_nodes)
      sink_.hand_over(place_.key_of(before.node, folder.prefix + name));
    offer(folder, name, now, is_other_file && before.news == NameNews::renamed_over);
  }

  bool changed_just_now(const FileStatus& status) const {
    const Nanoseconds age(clock_.unix_nanoseconds() - status.changed_nanoseconds);
    return age < kTimestampTick && age > -kTimestampTick;
  }

  // What was offered at the path under its node's key goes on elsewhere, or is gone.
  void leave(const std::string& path, const LiveFile& file, bool is_gone) {
    const std::string key = place_.key_of(file.node, path);
    const bool goes_on =
        !is_gone ||
        (rotated_.knows(file.identity) ? !rotated_.is_of(file.identity, file.node) : file.renamed_within);
    goes_on ? sink_.hand_over(key) : sink_.withdraw(key);
  }

  // The name belongs to another file now: the one before was renamed or deleted.
  void generation_left(Folder& folder, const OpenFolder& open, const std::string& name, const LiveFile& old) {
    // One that was renamed is offered first, so that what the store holds of it is not overwritten.
    if (!rotated_.knows(old.identity)) look_at_ring(folder, open, name, 1);
    if (!rotated_.knows(old.identity) && !take_evicted(folder, name, old)) ++replaced_;
    held_.release(old.identity);
    tell_unseen_generations(folder, name);
  }

  // True if the ring has turned past the file since the last look, and its descriptor was held.
  bool take_evicted(Folder& folder, const std::string& name, const LiveFile& old) {
    if (old.news == NameNews::renamed_over && !old.rotates) return false;  // a newer version of a status file
    const std::shared_ptr<const File> file = held_.take_deleted(old.identity);
    if (!file) return false;
    const auto status = file->status();
    if (!status || status->size < old.size) return false;
    rotated_.evicted(folder.prefix + name, *status, old.generation, file);
    bytes_seen_ += status->size - old.size;
    ++renamed_;
    ring_turned(folder, name, folder.files[name]);
    return true;
  }

  void ring_turned(const Folder& folder, const std::string& name, LiveFile& live) {
    live.rotates = true;
    --live.unseen_generations;
    const std::string path = folder.prefix + name;
    if (turning_.size() < kTurningRingsLimit || turning_.contains(path)) turning_[path] = clock_.steady_now();
  }

  void tell_unseen_generations(Folder& folder, const std::string& name) {
    const auto known = folder.files.find(name);
    if (known == folder.files.end() || known->second.unseen_generations <= 0) return;
    const auto unseen = static_cast<uint64_t>(known->second.unseen_generations);
    known->second.unseen_generations = 0;
    unseen_ += unseen;
    log_warning("rotated logs were deleted before the collector could see them, so they are not stored",
                {{"path", (place_.folder / (folder.prefix + name)).str()},
                 {"generations", unseen},
                 {"advice", "let the writer rotate at a larger size, or keep more backups"}});
  }

  void hold(const std::string& name, const LiveFile& live, File file) {
    if (is_state_dump(name)) return;
    if (live.rotates) {
      held_.hold(live.identity, std::move(file), HeldLogs::Reason::rotates);
    } else if (live.has_grown && live.size >= kLargeLogBytes) {
      held_.hold(live.identity, std::move(file), HeldLogs::Reason::large);
    }
  }

  // Looks at a log that is known, and at nothing else.
  void look_at_path(const std::string& path) {
    const size_t slash = path.rfind('/');
    const size_t length = slash == std::string::npos ? 0 : slash + 1;
    Folder* folder = find_folder(path.substr(0, length));
    if (folder == nullptr) return;
    const std::string name = path.substr(length);
    const auto known = folder->files.find(name);
    if (known == folder->files.end()) return;
    const auto open = open_folder(folder->prefix);
    if (!open) return;
    const auto status = open->status_of(name);
    // Growth is left to the ordinary looks.
    if (status && status->identity == known->second.identity) return;
    look_at(*folder, *open, {name});
  }

  static bool was_written_anew(const std::string& name, const LiveFile& before, const FileStatus& status,
                               const File& file) {
    if (status.size < before.size) return true;
    if (status.size > before.size && is_state_dump(name)) return true;
    const auto digest = content_digest(file, before.size);
    return !digest || *digest != before.digest;
  }

  void live_unreadable(Folder& folder, const std::string& name, const FileStatus& status,
                       const std::string& path, const Error& error) {
    const auto [place, is_new] = folder.files.try_emplace(name);
    LiveFile& file = place->second;
    if (is_new) {
      ++file_count_;
      file.identity = status.identity;
    }
    file.listing = listing_;
    if (std::exchange(file.unreadable, true)) return;
    ++unreadable_;
    warn("log file cannot be read", path, error);
  }

  // There is no log by that name any more.
  void file_vanished(Folder& folder, const OpenFolder& open, const std::string& name) {
    if (const auto known = folder.files.find(name); known != folder.files.end()) {
      if (!rotated_.knows(known->second.identity)) look_at_ring(folder, open, name, 1);
      const bool may_be_evicted = !rotated_.knows(known->second.identity) && known->second.rotates &&
                                  held_.find(known->second.identity) != nullptr;
      if (may_be_evicted && !std::exchange(known->second.is_missing, true)) {
        // The next generation may be about to get the name. If it does, this one has left the ring.
        look_again(folder, name);
        return;
      }
      forget_file(folder, name);
    }
    rotated_.path_vanished(folder.prefix + name);
  }

  void forget_file(Folder& folder, const std::string& name) {
    const auto known = folder.files.find(name);
    if (known == folder.files.end()) return;
    if (known->second.offered) leave(folder.prefix + name, known->second, true);
    held_.release(known->second.identity);
    if (known->second.unreadable) --unreadable_;
    --file_count_;
    folder.files.erase(known);
  }

  void drop_content(Folder& folder) {
    while (!folder.files.empty())
      forget_file(folder, std::string(folder.files.begin()->first));
    for (const auto& [name, below] : folder.folders)
      drop_content(*below);
    folder.folders.clear();
    dirty_folders_.erase(&folder);
    unwatch(folder);
  }

  void end_look() {
    for (const RotatedFiles::Lost& lost : rotated_.lost()) {
      const size_t slash = lost.live_path.rfind('/');
      const size_t length = slash == std::string::npos ? 0 : slash + 1;
      Folder* folder = find_folder(lost.live_path.substr(0, length));
      if (folder == nullptr) continue;
      if (const auto open = open_folder(folder->prefix))
        look_at_ring(*folder, *open, lost.live_path.substr(length), std::max<uint64_t>(lost.number, 1));
    }
    for (const RotatedFiles::Lost& lost : rotated_.lost())
      rotated_.gone(lost.identity);
    rotated_.share_descriptors();
    const LogTotals totals = totals_now();
    const std::lock_guard lock(totals_mutex_);
    totals_ = totals;
  }

  void offer(const Folder& folder, const std::string& name, const LiveFile& file, bool renamed_over) {
    const std::string path = folder.prefix + name;
    Shipment shipment;
    shipment.kind = ShipmentKind::log;
    shipment.key = place_.key_of(file.node, path);
    shipment.prefix_length = place_.nodes[file.node].prefix.size();
    shipment.content_type = kTextContent;
    shipment.path = place_.folder / path;
    shipment.identity = file.identity;
    shipment.generation = file.generation;
    shipment.size = file.size;
    shipment.waited =
        std::max(Nanoseconds(clock_.unix_nanoseconds() - file.modified_nanoseconds), Nanoseconds::zero());
    // A state dump is replaced as a rule, and any state of it may be stored.
    if (!is_state_dump(name)) shipment.tail = file.tail;
    shipment.keep_earlier = !is_state_dump(name);
    shipment.renamed_over = renamed_over;
    sink_.offer(std::move(shipment));
  }

  // ---- folders

  Folder* find_folder(std::string_view prefix) {
    Folder* folder = &root_;
    while (!prefix.empty()) {
      const size_t slash = prefix.find('/');
      const auto below = folder->folders.find(prefix.substr(0, slash));
      if (below == folder->folders.end()) return nullptr;
      folder = below->second.get();
      prefix.remove_prefix(slash + 1);
    }
    return folder;
  }

  Result<OpenFolder> open_folder(std::string_view prefix) const {
    if (prefix.empty()) return rayhistory::open_folder(place_.folder);
    prefix.remove_suffix(1);  // the slash
    return rayhistory::open_folder(place_.folder / prefix);
  }

  // ---- what is told

  void tell_no_log(Folder& folder, const std::string& name) const {
    if (!folder.told.insert(name).second) return;
    log_debug("no regular file, not stored", {{"path", (place_.folder / (folder.prefix + name)).str()}});
  }

  void tell_too_many(Folder& folder, const std::string& name) {
    if (std::exchange(told_too_many_, true)) return;
    log_error("too many log files, further ones are not stored",
              {{"limit", kFilesLimit}, {"first", (place_.folder / (folder.prefix + name)).str()}});
  }

  void tell_unreadable(bool& told, const std::string& path, const Error& error) {
    if (std::exchange(told, true)) return;
    warn("log folder cannot be read", path, error);
  }

  void warn(std::string_view message, const std::string& path, const Error& error) {
    if (warnings_left_ == 0)
      log_warning("more of the logs cannot be read", {{"folder", place_.folder.str()}});
    if (warnings_left_-- <= 0) return;
    log_warning(message, {{"path", path}, {"error", error.message}});
  }

  static uint64_t unreadable_folders(const Folder& folder) {
    uint64_t count = folder.unreadable ? 1 : 0;
    for (const auto& [name, below] : folder.folders)
      count += unreadable_folders(*below);
    return count;
  }

  LogTotals totals_now() const {
    return {.files = file_count_ + rotated_.count(),
            .bytes_seen = bytes_seen_,
            .rotations = renamed_ + replaced_ + truncated_ + unseen_,
            .renamed = renamed_,
            .replaced = replaced_,
            .truncated = truncated_,
            .unseen = unseen_,
            .unreadable = unreadable_ + unreadable_folders(root_) + rotated_.unreadable()};
  }

  LogPlace place_;
  const LogSink sink_;
  const Clock& clock_;
  const LogTrackerOptions options_;

  mutable std::mutex mutex_;  // one look at a time; guards what follows
  RotatedFiles rotated_;
  HeldLogs held_;
  std::unordered_map<std::string, SteadyTime> turning_;  // live paths of rings, and when each turned last
  Folder root_;
  std::optional<ChangeHints> hints_;
  std::unordered_map<int, Folder*> by_watch_;
  std::set<Folder*> dirty_folders_;
  std::vector<std::pair<std::string, std::string>> look_again_;  // folder's prefix, name
  struct MovedOut {
    uint32_t renaming;
    std::string prefix;  // of the folder
    std::string name;
  };
  std::optional<MovedOut> moved_out_;  // the hint before
  bool hints_complete_ = false;
  bool told_no_hints_ = false;
  bool told_too_many_ = false;
  bool first_scan_ = true;
  SlowingPace missing_;  // the logs folder
  bool is_missing_told_ = false;
  int warnings_left_ = kWarningsPerScan;
  uint32_t listing_ = 0;
  uint64_t file_count_ = 0;
  uint64_t bytes_seen_ = 0;
  uint64_t renamed_ = 0;
  uint64_t replaced_ = 0;
  uint64_t truncated_ = 0;
  uint64_t unseen_ = 0;
  uint64_t unreadable_ = 0;
  SteadyTime next_scan_{};
  SteadyTime earliest_scan_{};

  mutable std::mutex totals_mutex_;  // a reader must not wait for a scan
  LogTotals totals_;

  std::jthread thread_;
};

LogTracker::LogTracker(LogPlace place, LogSink sink, const Clock& clock, LogTrackerOptions options)
    : state_(std::make_unique<State>(std::move(place), std::move(sink), clock, options)) {}

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

}  // namespace rayhistory
