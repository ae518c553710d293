#pragma once

#include <cstdint>

namespace rayhistory::collector {

// A tracker has seen this of the files of a folder of logs.
struct LogTotals {
  uint64_t files = 0;       // there now
  uint64_t bytes_seen = 0;  // ever, each byte once
  uint64_t rotations = 0;   // generations that ended: all of the next four
  uint64_t renamed = 0;
  uint64_t replaced = 0;    // deleted and made again
  uint64_t truncated = 0;   // cut short, or written anew in place
  uint64_t unseen = 0;      // renamed and deleted between two looks, as inotify told: these are lost
  uint64_t unreadable = 0;  // files and folders that cannot be read now

  LogTotals& operator+=(const LogTotals& other) {
    files += other.files;
    bytes_seen += other.bytes_seen;
    rotations += other.rotations;
    renamed += other.renamed;
    replaced += other.replaced;
    truncated += other.truncated;
    unseen += other.unseen;
    unreadable += other.unreadable;
    return *this;
  }
};

}  // namespace rayhistory::collector
