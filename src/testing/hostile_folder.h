// A shared folder in which a job puts a symlink to a folder outside in the place of one of its own, just
// before a system call that the code under test makes.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_tree.h"

namespace rayhistory {

class HostileFolder {
 public:
  // What lies outside holds this.
  static constexpr std::string_view kSecret = "a secret of the collector's own container";

  // It lies in memory (/dev/shm), for a test makes thousands; what is outside is made below `outside_parent`.
  HostileFolder(Walk walk, const std::string& outside_parent);
  ~HostileFolder();
  HostileFolder(const HostileFolder&) = delete;
  HostileFolder& operator=(const HostileFolder&) = delete;

  SharedPath shared() const { return SharedPath(tree_); }
  // A file of the folder, and a secret of the same path outside: a link at any level leads to it.
  void write(const std::string& path, std::string_view content);
  void write_outside(const std::string& path);

  // From now on, just before the call of that number, `level` becomes a link to what has its name outside.
  void swap_before(size_t call, std::string level);
  size_t calls() const { return calls_; }
  // Empty, or what was made, changed or removed outside since the first call.
  std::string damage() const;

 private:
  void called();
  std::map<std::string, std::string> outside_now() const;

  const std::string folder_;
  const std::string outside_;
  std::map<std::string, std::string> outside_before_;
  std::shared_ptr<const SharedTree> tree_;
  std::string level_;
  size_t swap_before_ = SIZE_MAX;
  size_t calls_ = 0;
};

// Plays `pass` with each level swapped before each of its calls, both ways of walking, with `outside` on the
// same file system and on another one by turns. `fill` makes the folder; `pass` returns all that it has
// stored. Both see one folder each time. An empty result: no secret was stored, and nothing outside has
// changed.
std::string play_all_swaps(const std::vector<std::string>& levels,
                           const std::function<void(HostileFolder&)>& fill,
                           const std::function<std::string(HostileFolder&)>& pass);

}  // namespace rayhistory
