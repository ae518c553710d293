// What this process uses of its machine, as Prometheus' process_* metrics have it. Linux, from /proc.
#pragma once

#include <cstdint>

namespace rayhistory {

struct ProcessFigures {
  double cpu_seconds = 0;
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_descriptors = 0;
  uint64_t descriptors_limit = 0;
  uint64_t threads = 0;
  double start_unix_seconds = 0;
};

// 0 for what cannot be read. Any thread.
ProcessFigures process_figures();

}  // namespace rayhistory
