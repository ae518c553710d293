// The growth policy: when a file that has grown is worth another upload. Pure functions, one policy for all
// stores.
//
// A store that grows an object by copying it on the server (S3, OSS) moves size bytes for each extension, so
// the tail must be in proportion to the size: then all copying together stays about 16 times the final size
// instead of growing with its square. Small files stay --push-interval fresh; large ones may be up to ten
// times as old. No change, no request.
//
// Where a store can only put an object anew (store.h, ObjectGrowth), each push sends all of the file. Then
// the tail must be half of what is stored, so that all that is sent stays about three times the final size,
// and waiting grows sooner and longer with the size: a log of 512 MiB is an hour old, not a minute.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "store/store.h"

namespace rayhistory::collector {

struct FileProgress {
  uint64_t local_size = 0;
  std::optional<uint64_t> stored_size;  // nothing: no object yet
  bool final = false;
  bool grows = true;           // false: put once, when final
  SteadyTime oldest_unsent{};  // when the first byte that is not stored was seen
  ObjectGrowth growth = ObjectGrowth::by_tail;
};

// From when on the file should be sent; nothing where there is nothing to send, or not yet (a file that is
// put once and is not final).
std::optional<SteadyTime> due_time(const FileProgress& file, Nanoseconds push_interval);

}  // namespace rayhistory::collector
