// Tells a file that is replaced again and again (a JSON status, a page of metrics) from a log. Of such a file
// only the newest version is stored at each push interval; the versions between are no loss.
//
// A content is a version when it came less than a push interval after the content before it, which had itself
// replaced another one and never grew.
#pragma once

#include <optional>
#include <utility>

#include "base/clock.h"

namespace rayhistory::collector {

class FileVersions {
 public:
  // The first file at the key is offered, or the file is offered again and has or has not grown.
  void first_file() { *this = FileVersions{}; }
  void same_file(bool has_grown) {
    if (!has_grown) return;
    has_grown_ = true;
    is_version_ = false;
  }
  // Another file takes the place of the one before. `goes_on_elsewhere`: the one before has another key, so
  // it was rotated. `was_vacant`: there was no file before.
  struct FileBefore {
    bool goes_on_elsewhere;
    bool was_vacant;
  };
  void next_file(FileBefore file, SteadyTime now, Nanoseconds push_interval) {
    const bool never_grew = !std::exchange(has_grown_, false) && !file.was_vacant;
    replaces_whole_ = never_grew && !file.goes_on_elsewhere;
    const std::optional<SteadyTime> before = std::exchange(replaced_whole_at_, std::nullopt);
    if (replaces_whole_) replaced_whole_at_ = now;
    is_version_ = replaces_whole_ && before && now - *before <= push_interval;
  }

  bool is_version() const { return is_version_; }
  // The last next_file took the place of a file that never grew and does not go on elsewhere.
  bool replaces_whole() const { return replaces_whole_; }

 private:
  bool has_grown_ = false;
  bool is_version_ = false;
  bool replaces_whole_ = false;
  std::optional<SteadyTime> replaced_whole_at_;
};

}  // namespace rayhistory::collector
