// Tells whether the bytes of a file have changed in place, which neither its size nor its end need show: a
// status file is written over with numbers of the same length, a header counts what follows it.
#pragma once

#include <cstdint>

#include "base/file.h"
#include "base/result.h"

namespace rayhistory::collector {

// Every byte of a file up to this length is looked at: a status file is shorter, and most of Ray's thousands
// of worker logs are. Hashing so much takes some 30 µs.
inline constexpr uint64_t kWhollyDigestedBytes = 128 * 1024;
// Of a longer file so many pieces of this length are looked at, spread evenly from its first byte to its
// last.
inline constexpr uint64_t kDigestedPieces = 16;
inline constexpr uint64_t kDigestedPieceBytes = 4096;

// A digest of the file's first `size` bytes. `invalid` when the file is shorter than `size`. It tells changes
// that happen by chance, and none that somebody has made up to have the same digest.
Result<uint64_t> content_digest(const File& file, uint64_t size);

}  // namespace rayhistory::collector
