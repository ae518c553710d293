// What of the journals no shipment names yet, and would so be missing in the shipper's backlog.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace rayhistory::collector {

struct JournalBacklog {
  uint64_t waiting_files = 0;  // for the session or the node to be known
  uint64_t waiting_bytes = 0;
  uint64_t uncompressed_files = 0;  // with compression: to be sealed and compressed
  uint64_t uncompressed_bytes = 0;
  Nanoseconds oldest{0};  // how long ago the oldest of these files was opened

  void add_waiting(uint64_t bytes, Nanoseconds age) {
    ++waiting_files;
    waiting_bytes += bytes;
    oldest = std::max(oldest, age);
  }
  void add_uncompressed(uint64_t bytes, Nanoseconds age) {
    ++uncompressed_files;
    uncompressed_bytes += bytes;
    oldest = std::max(oldest, age);
  }
};

}  // namespace rayhistory::collector
