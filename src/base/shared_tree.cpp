#include "base/shared_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "base/log.h"

namespace rayhistory {
namespace {

constexpr mode_t kFileMode = 0644;
// Mounts that the log tells of, one line each. An operator makes a handful; a writer may rename the folders
// around one without end.
constexpr size_t kToldMountsLimit = 16;
// Once for the root as it was, once for the one that has taken its place.
constexpr int kRootTries = 2;

int call_openat2(int folder, const char* path, uint64_t flags, uint64_t resolve) {
  open_how how{};
  how.flags = flags;
  if ((flags & O_CREAT) != 0) how.mode = kFileMode;
  how.resolve = resolve;
  int descriptor = -1;
  do {
    descriptor = static_cast<int>(::syscall(SYS_openat2, folder, path, &how, sizeof(how)));
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

int call_openat(int folder, const char* path, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::openat(folder, path, flags, kFileMode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

Walk walk_that_works() {
  const Descriptor root(call_openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_SYMLINKS));
  return root.get() >= 0 ? Walk::by_kernel : Walk::step_by_step;
}

bool is_plain_path(std::string_view relative) {
  if (relative.find('\0') != std::string_view::npos) return false;
  if (relative.empty()) return true;
  while (true) {
    const size_t slash = relative.find('/');
    const std::string_view part = relative.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    relative.remove_prefix(slash + 1);
  }
}

Error not_plain(const std::string& shown) {
  return Error{
      ErrorKind::invalid,
      "open " + shown + ": a path in a shared folder has no empty part, no \".\", no \"..\" and no NUL"};
}

}  // namespace

SharedTree::SharedTree(std::string root, Options options)
    : root_(std::move(root)),
      walk_(options.walk ? *options.walk : walk_that_works()),
      before_call_(std::move(options.before_call)) {}

std::shared_ptr<const SharedTree> SharedTree::open(std::string root) {
  return open(std::move(root), Options{});
}

std::shared_ptr<const SharedTree> SharedTree::open(std::string root, Options options) {
  return std::shared_ptr<const SharedTree>(new SharedTree(std::move(root), std::move(options)));
}

SharedPath SharedTree::across_mounts(const SharedPath& folder) {
  const SharedTree& parent = *folder.tree();
  const auto root = parent.root_now();
  if (!root || !is_plain_path(folder.relative())) return folder;
  FileMount mount = (*root)->mount;
  SharedPath found = folder;
  Descriptor at(call_openat((*root)->descriptor.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  size_t begin = 0;
  while (begin < folder.relative().size()) {
    const size_t end = std::min(folder.relative().find('/', begin), folder.relative().size());
    const std::string name = folder.relative().substr(begin, end - begin);
    at = Descriptor(call_openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (at.get() < 0) break;  // it is to be made, or a use of it will say what is wrong
    const auto status = status_in(at.get(), "", folder.str());
    if (!status) break;
    begin = std::min(end + 1, folder.relative().size());
    if (std::exchange(mount, status->mount) == status->mount) continue;
    Descriptor mounted(call_openat(at.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (mounted.get() < 0) break;
    std::shared_ptr<SharedTree> tree(
        new SharedTree(parent.shown(folder.relative().substr(0, end)),
                       {.walk = parent.walk_, .before_call = parent.before_call_}));
    tree->root_is_pinned_ = true;
    tree->open_root_ = std::make_shared<const Root>(Root{std::move(mounted), mount});
    found = SharedPath(std::move(tree), folder.relative().substr(begin));
  }
  return found;
}

std::string SharedTree::shown(std::string_view relative) const {
  if (relative.empty()) return root_;
  std::string path = root_;
  path += '/';
  path += relative;
  return path;
}

void SharedTree::before_call() const {
  if (before_call_) before_call_();
}

Error SharedTree::refusal(int error_number, const std::string& shown) const {
  if (error_number == ELOOP) {
    return Error{
        ErrorKind::not_found,
        "open " + shown + ": there is a symlink on the way, and no symlink is followed below " + root_};
  }
  if (error_number != EXDEV) return error_from_errno(error_number, "open " + shown);
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    is_new = told_mounts_.size() < kToldMountsLimit && told_mounts_.insert(shown).second;
  }
  // The one error that is logged and returned: many callers take what they cannot reach for something that is
  // not there, and an operator who has mounted a volume must hear that it is not used.
  if (is_new) {
    log_warning("another file system is mounted in the shared folder; nothing in it is read or stored",
                {{"path", shown},
                 {"shared_folder", root_},
                 {"advice", "mount it outside of the shared folder, or share it as a whole"}});
  }
  return Error{ErrorKind::denied, "open " + shown + ": another file system is mounted there or above, and " +
                                      "only what lies on the mount of " + root_ + " is used"};
}

Result<std::shared_ptr<const SharedTree::Root>> SharedTree::root_now() const {
  const std::lock_guard lock(mutex_);
  if (open_root_) return open_root_;
  Descriptor root(call_openat(AT_FDCWD, root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return error_from_errno(errno, "open folder " + root_);
  TRY_ASSIGN(const PlacedStatus status, status_in(root.get(), "", root_));
  open_root_ = std::make_shared<const Root>(Root{std::move(root), status.mount});
  return open_root_;
}

// Whether the root was removed, and perhaps made again, since `before` was opened.
bool SharedTree::has_other_root(const std::shared_ptr<const Root>& before) const {
  if (root_is_pinned_) return false;
  const auto known = status_in(before->descriptor.get(), "", root_);
  const Descriptor now(call_openat(AT_FDCWD, root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto found =
      now.get() < 0 ? Result<PlacedStatus>(error_from_errno(errno, root_)) : status_in(now.get(), "", root_);
  if (known && found && known->status.identity == found->status.identity) return false;
  const std::lock_guard lock(mutex_);
  if (open_root_ == before) open_root_.reset();
  return true;
}

Result<Descriptor> SharedTree::open_at_root(const std::string& relative, int flags) const {
  for (int tries = 1;; ++tries) {
    TRY_ASSIGN(const std::shared_ptr<const Root> root, root_now());
    auto opened = open_from(root->descriptor.get(), root->mount, relative, flags, shown(relative));
    if (opened || opened.error().kind != ErrorKind::not_found || tries == kRootTries || !has_other_root(root))
      return opened;
  }
}

Result<Descriptor> SharedTree::open_from(int folder, const FileMount& mount, const std::string& relative,
                                         int flags, const std::string& shown) const {
  if (!is_plain_path(relative)) return not_plain(shown);
  // The kernel takes no longer path at once.
  const bool is_too_long = relative.size() >= PATH_MAX;
  if (walk_ == Walk::by_kernel && !is_too_long) return open_by_kernel(folder, relative, flags, shown);
  return open_step_by_step(folder, mount, relative, flags, shown);
}

Result<Descriptor> SharedTree::open_by_kernel(int folder, const std::string& relative, int flags,
                                              const std::string& shown) const {
  before_call();
  const char* path = relative.empty() ? "." : relative.c_str();
  Descriptor opened(call_openat2(folder, path, static_cast<uint64_t>(flags | O_NOFOLLOW | O_CLOEXEC),
                                 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV));
  if (opened.get() < 0) return refusal(errno, shown);
  return opened;
}

Result<Descriptor> SharedTree::open_step_by_step(int folder, const FileMount& mount,
                                                 std::string_view relative, int flags,
                                                 const std::string& shown) const {
  Descriptor above(-1);
  while (true) {
    const size_t slash = relative.find('/');
    const bool is_last = slash == std::string_view::npos;
    const std::string name(relative.empty() ? "." : relative.substr(0, slash));
    before_call();
    Descriptor opened(
        call_openat(folder, name.c_str(), (is_last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC));
    if (opened.get() < 0) return refusal(errno, shown);
    TRY_ASSIGN(const PlacedStatus status, status_in(opened.get(), "", shown));
    if (status.mount != mount) return refusal(EXDEV, shown);
    if (is_last) return opened;
    above = std::move(opened);
    folder = above.get();
    relative.remove_prefix(slash + 1);
  }
}

std::string_view SharedPath::name() const {
  return std::string_view(relative_).substr(relative_.rfind('/') + 1);  // npos + 1 is 0
}

SharedPath SharedPath::parent() const {
  const size_t slash = relative_.rfind('/');
  return {tree_, slash == std::string::npos ? std::string() : relative_.substr(0, slash)};
}

SharedPath SharedPath::operator/(std::string_view below) const {
  if (below.empty()) return *this;
  if (relative_.empty()) return {tree_, std::string(below)};
  std::string path = relative_;
  path += '/';
  path += below;
  return {tree_, std::move(path)};
}

bool SharedPath::is_below(const SharedPath& top) const {
  if (tree_ != top.tree_ || relative_.size() <= top.relative_.size()) return false;
  if (top.relative_.empty()) return true;
  return relative_.starts_with(top.relative_) && relative_[top.relative_.size()] == '/';
}

Result<Descriptor> SharedPath::open_descriptor(int flags) const {
  CHECK(tree_ != nullptr);
  return tree_->open_at_root(relative_, flags);
}

}  // namespace rayhistory
