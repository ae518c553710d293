// A folder of the local disk that others can write too, as Ray's jobs can write /tmp/ray: everything in it is
// reached from one descriptor of its root, so that no other writer can lead this program out of it.
//
// The operator names the root, and whatever that path leads to is trusted: the root may be a link or a mount.
// Below the root the kernel follows no symlink, no "..", and crosses into no other mount (openat2(2)). A
// kernel before 5.6 has no openat2, and a container runtime's seccomp profile may refuse it. There each
// folder on the way is opened by itself, which follows no symlink either, and its mount is compared.
//
// What the tree cannot tell apart are hard links. A job can make one only where the kernel lets it: within
// one mount, so never to a file outside the volume that it shares with us, and with
// fs.protected_hardlinks=1, which distributions set, only to a file that it may read and write anyway.
//
// Where another file system is mounted below the root it is refused, and the log says so once for each place:
// a writer who renames the folders around a mount chooses by what name we come to it. A volume that the
// operator wants us to use below the root is opened as a tree of its own (across_mounts).
//
// A SharedPath is a place in the tree. It holds no descriptor; shared_path.h has what can be done with it.
// Any thread may use a tree.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"
#include "base/result.h"

namespace rayhistory {

class OpenFolder;
class SharedPath;

// Who keeps a path below the root.
enum class Walk {
  by_kernel,     // openat2
  step_by_step,  // this program, a folder at a time
};

class SharedTree : public std::enable_shared_from_this<SharedTree> {
 public:
  struct Options {
    std::optional<Walk> walk{};  // nothing: openat2 where the kernel grants it
    // Tests change the tree here, before each system call that names something in it.
    std::function<void()> before_call{};
  };

  // `root` need not be there yet: each use looks for it until it is. A root that was removed and made again
  // is found by the next use that finds something missing.
  static std::shared_ptr<const SharedTree> open(std::string root);
  static std::shared_ptr<const SharedTree> open(std::string root, Options options);

  // The same folder in a tree of its own where the operator has mounted a volume on the way to it. The way is
  // gone without following symlinks, but across mounts; the tree stays that mount, whatever becomes of the
  // name. Where no mount is on the way, `folder` itself.
  static SharedPath across_mounts(const SharedPath& folder);

  const std::string& root() const { return root_; }
  Walk walk() const { return walk_; }
  // For errors and the log.
  std::string shown(std::string_view relative) const;

 private:
  friend class OpenFolder;
  friend class SharedPath;

  struct Root {
    Descriptor descriptor;
    FileMount mount;
  };
  SharedTree(std::string root, Options options);

  // `relative` names something below the root; empty, the root itself. `flags` are those of open(2).
  Result<Descriptor> open_at_root(const std::string& relative, int flags) const;
  Result<Descriptor> open_from(int folder, const FileMount& mount, const std::string& relative, int flags,
                               const std::string& shown) const;
  Result<Descriptor> open_by_kernel(int folder, const std::string& relative, int flags,
                                    const std::string& shown) const;
  Result<Descriptor> open_step_by_step(int folder, const FileMount& mount, std::string_view relative,
                                       int flags, const std::string& shown) const;
  Result<std::shared_ptr<const Root>> root_now() const;
  bool has_other_root(const std::shared_ptr<const Root>& before) const;
  void before_call() const;
  Error refusal(int error_number, const std::string& shown) const;

  const std::string root_;
  const Walk walk_;
  const std::function<void()> before_call_;
  bool root_is_pinned_ = false;

  mutable std::mutex mutex_;  // guards what follows
  mutable std::shared_ptr<const Root> open_root_;
  mutable std::set<std::string> told_mounts_;
};

// A place in a SharedTree, which only the functions of shared_path.h open. Without a tree it is nowhere.
class SharedPath {
 public:
  SharedPath() = default;
  // The tree's root.
  explicit SharedPath(std::shared_ptr<const SharedTree> tree) : tree_(std::move(tree)) {}
  SharedPath(std::shared_ptr<const SharedTree> tree, std::string relative)
      : tree_(std::move(tree)), relative_(std::move(relative)) {}

  bool is_nowhere() const { return tree_ == nullptr; }
  // For errors and the log; opening it would follow links.
  std::string str() const { return tree_ ? tree_->shown(relative_) : std::string(); }
  const std::string& relative() const { return relative_; }
  std::string_view name() const;                       // the last part
  SharedPath parent() const;                           // of the root: the root
  SharedPath operator/(std::string_view below) const;  // nothing below: the same place
  SharedPath with_suffix(std::string_view suffix) const { return {tree_, relative_ + std::string(suffix)}; }
  bool is_below(const SharedPath& top) const;

  friend bool operator==(const SharedPath&, const SharedPath&) = default;
  friend auto operator<=>(const SharedPath&, const SharedPath&) = default;

  // For the functions of shared_path.h, OpenFolder and SharedTree: `flags` are those of open(2), to which
  // O_NOFOLLOW and O_CLOEXEC are added.
  Result<Descriptor> open_descriptor(int flags) const;
  void before_call() const { tree_->before_call(); }
  const std::shared_ptr<const SharedTree>& tree() const { return tree_; }

 private:
  std::shared_ptr<const SharedTree> tree_;
  std::string relative_;
};

}  // namespace rayhistory
