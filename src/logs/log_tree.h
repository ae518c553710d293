// The folders and live files that the tracker knows below one folder of logs, and the names in them that it
// has to look at before the next scan: inotify's hints name them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/open_folder.h"
#include "base/shared_tree.h"
#include "logs/change_hints.h"

namespace rayhistory::collector {

// The hints say this of a name since the last look at it.
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
  uint32_t listing = 0;  // the last listing of its folder that saw it
  size_t node = 0;       // the node whose log it was offered as
  bool unreadable = false;
  bool offered = false;
  bool may_change_unseen = false;  // it changed within the tick in which it was looked at
  NameNews news = NameNews::none;
  bool renamed_within = false;  // its file has another name in a folder that is watched
  bool has_grown = false;       // since it was first seen, as a log does and a status file does not
  bool rotates = false;         // a file of its name was rotated before
  bool is_missing = false;      // the last look found no file of its name, which may be between two renames
  // Renames to its first backup that inotify told of, minus the generations that looks have found.
  int64_t unseen_generations = 0;
};

struct LogFolder {
  std::string prefix;  // of the paths in it: "" or "serve/"
  int watch = -1;
  bool unreadable = false;
  bool too_deep = false;
  std::map<std::string, LiveFile, std::less<>> files;
  std::map<std::string, std::unique_ptr<LogFolder>, std::less<>> folders;
  std::set<std::string, std::less<>> told;   // names of what is no log, each logged once
  std::set<std::string, std::less<>> dirty;  // names to look at
};

// A path below the folder of logs as the prefix of its folder and its name there.
struct SplitPath {
  std::string_view prefix;
  std::string_view name;
};
SplitPath split_path(std::string_view path);

// Not for several threads at once.
class LogTree {
 public:
  explicit LogTree(SharedPath folder) : folder_(std::move(folder)) {}

  // Asks the kernel for hints. Without them only scans find changes, and the log says why.
  void open_hints();
  // False once any folder could not be watched since begin_scan().
  bool hints_are_complete() const { return hints_complete_; }

  LogFolder& root() { return root_; }
  const LogFolder& root() const { return root_; }
  LogFolder* find(std::string_view prefix);
  Result<OpenFolder> open(std::string_view prefix) const;

  void begin_scan() { hints_complete_ = hints_.has_value(); }
  // Must precede the listing of the folder, so that the kernel names what comes while it is listed.
  void watch(LogFolder& folder, const OpenFolder& open);
  // The folder is about to be forgotten.
  void leave(LogFolder& folder);

  enum class Hints {
    named,  // all changes are among the dirty names
    lost,   // anything may have changed
  };
  Hints read_hints();

  void mark_dirty(LogFolder& folder, std::string_view name);
  // A look found the name changing; the next read_hints() marks it dirty.
  void look_again(const LogFolder& folder, const std::string& name);

  struct Dirty {
    LogFolder* folder;
    std::set<std::string, std::less<>> names;
  };
  std::optional<Dirty> take_dirty();

 private:
  struct MovedOut {
    uint32_t renaming;
    std::string prefix;  // of the folder
    std::string name;
  };

  void log_no_hints(const Error& error);
  void unwatch(LogFolder& folder);
  void take_hint(const ChangeHints::Hint& hint);
  void note_news(LogFolder& folder, const ChangeHints::Hint& hint);
  void note_renaming(const LogFolder& folder, const ChangeHints::Hint& hint, const MovedOut& from);

  const SharedPath folder_;
  LogFolder root_;
  std::optional<ChangeHints> hints_;
  std::unordered_map<int, LogFolder*> by_watch_;
  std::set<LogFolder*> dirty_folders_;
  std::vector<std::pair<std::string, std::string>> look_again_;  // folder's prefix, name
  std::optional<MovedOut> moved_out_;                            // the hint before
  bool hints_complete_ = false;
  bool no_hints_logged_ = false;
};

}  // namespace rayhistory::collector
