// Tells whether a file that is longer than before has only grown. A size alone does not: a file that was cut
// short and written anew may be longer by the next look (copytruncate;
// opentelemetry-collector-contrib#43693), and then what the store holds is no prefix of it any more.
#pragma once

#include <cstdint>

#include "base/file.h"
#include "base/result.h"

namespace rayhistory {

// How many bytes are looked at: a line or two of a log, with its time.
inline constexpr uint64_t kTailBytes = 256;

// A digest of the last kTailBytes of the file's first `size` bytes, or of all of them where there are fewer.
// `invalid` when the file is shorter than `size`. Against chance, not against malice.
Result<uint64_t> tail_digest(const File& file, uint64_t size);

}  // namespace rayhistory
