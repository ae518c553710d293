// Hints of what has changed in some folders, by inotify. Only hints: the kernel's queue may overflow, a
// network file system tells nothing of what other hosts do, and a host may have no watch left. Scanning is
// what finds out; hints say what to look at before the next scan.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace rayhistory::collector {

// Not for several threads at once.
class ChangeHints {
 public:
  // The Error says which limit of the host to raise.
  static Result<ChangeHints> open();

  ChangeHints(ChangeHints&& other) noexcept;
  ChangeHints& operator=(ChangeHints&&) = delete;
  ~ChangeHints();

  // A number for the folder behind an open descriptor, the same each time. `no_space`: the host's limit of
  // watches is reached.
  Result<int> watch(int folder_descriptor) const;
  void unwatch(int watch) const;

  enum class What {
    changed,    // made or written
    deleted,    // by a removal, and not by a file that was renamed over it
    moved_out,  // renamed, and not called `name` any more
    moved_in,   // renamed, and called `name` now
  };
  struct Hint {
    int watch;              // -1: some hints were lost, so anything may have changed
    std::string_view name;  // empty: the folder itself; the watch is over
    What what = What::changed;
    uint32_t renaming = 0;  // a number that moved_out and moved_in of one renaming share
  };
  // What has come since the last call, without waiting, kReadLimitBytes of it at the most.
  Result<void> read(const std::function<void(const Hint&)>& each) const;

 private:
  explicit ChangeHints(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace rayhistory::collector
