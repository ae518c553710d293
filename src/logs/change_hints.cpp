#include "logs/change_hints.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

namespace rayhistory::collector {
namespace {

// Files are not watched themselves: a folder's watch tells of all that is written in it.
constexpr uint32_t kEvents = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE;
// A read gives whole events, of 16 bytes and a name of at most 256.
constexpr size_t kBufferBytes = 64 * 1024;
// Some twice what the kernel queues by default (16,384 events), so that a reader among busy writers comes to
// an end.
constexpr size_t kReadLimitBytes = 4 * 1024 * 1024;

ChangeHints::What what_of(uint32_t mask) {
  if ((mask & IN_DELETE) != 0) return ChangeHints::What::deleted;
  if ((mask & IN_MOVED_FROM) != 0) return ChangeHints::What::moved_out;
  if ((mask & IN_MOVED_TO) != 0) return ChangeHints::What::moved_in;
  return ChangeHints::What::changed;
}

}  // namespace

Result<ChangeHints> ChangeHints::open() {
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor >= 0) return ChangeHints(descriptor);
  const int error = errno;
  Error failure = error_from_errno(error, "inotify_init1");
  if (error == EMFILE || error == ENFILE)
    failure.message += "; raise fs.inotify.max_user_instances on the host, or the limit of open files";
  return failure;
}

ChangeHints::ChangeHints(ChangeHints&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

ChangeHints::~ChangeHints() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<int> ChangeHints::watch(int folder_descriptor) const {
  // The descriptor's name in /proc leads to the folder that was opened, whatever its path leads to by now.
  const std::string path = "/proc/self/fd/" + std::to_string(folder_descriptor);
  const int watch = ::inotify_add_watch(descriptor_, path.c_str(), kEvents | IN_ONLYDIR);
  if (watch >= 0) return watch;
  const int error = errno;
  Error failure = error_from_errno(error, "inotify_add_watch");
  if (error == ENOSPC)
    failure.message += ": the host's limit of watches is reached; raise fs.inotify.max_user_watches there";
  return failure;
}

void ChangeHints::unwatch(int watch) const {
  ::inotify_rm_watch(descriptor_, watch);
}

Result<void> ChangeHints::read(const std::function<void(const Hint&)>& each) const {
  alignas(inotify_event) std::array<char, kBufferBytes> buffer;
  for (size_t total = 0; total < kReadLimitBytes;) {
    const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return {};
    if (got < 0) return error_from_errno(errno, "read inotify events");
    if (got == 0) return {};
    total += static_cast<size_t>(got);
    for (size_t at = 0; at < static_cast<size_t>(got);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      const char* name = buffer.data() + at + sizeof(event);
      at += sizeof(event) + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        each({.watch = -1, .name = {}});
      } else if (event.len > 0) {
        each({.watch = event.wd,
              .name = std::string_view(name, ::strnlen(name, event.len)),
              .what = what_of(event.mask),
              .renaming = event.cookie});
      } else if ((event.mask & IN_IGNORED) != 0) {
        each({.watch = event.wd, .name = {}});
      }
    }
  }
  return {};
}

}  // namespace rayhistory::collector
