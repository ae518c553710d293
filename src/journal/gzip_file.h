// Compresses a sealed journal, in memory that does not depend on its length (some 400 kB).
#pragma once

#include <atomic>
#include <cstdint>

#include "base/result.h"
#include "base/shared_tree.h"

namespace rayhistory::collector {

// The first `size` bytes of the file at `path` are at `gzip_path`, synced under that name, when this returns;
// what was there is replaced. Works in `<gzip_path>.tmp`, which is gone after an error. Ends as cancelled
// soon after `cancelled` is set. Returns the size of the compressed file.
Result<uint64_t> gzip_file(const SharedPath& path, uint64_t size, const SharedPath& gzip_path,
                           const std::atomic<bool>& cancelled);

// Whether the file is gzip whose checksum holds, to its last byte. An error when it cannot be read.
Result<bool> is_whole_gzip(const SharedPath& path, const std::atomic<bool>& cancelled);

}  // namespace rayhistory::collector
