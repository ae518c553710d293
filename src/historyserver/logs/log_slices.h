// The bytes of a log, as ranges of the objects that hold them: a rotated log has several.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/sessions/log_slice.h"
#include "store/store.h"

namespace rayhistory::historyserver {

// What one read asks for at most, and so what a piece of an answer holds.
inline constexpr uint64_t kLogReadBytes = 1024 * 1024;

// All of [offset, offset + length) of the object. `retry` where it has become shorter: a log of a running
// session was rotated since it was listed.
Result<std::string> read_log(Store& store, const std::string& key, uint64_t offset, uint64_t length,
                             const Deadline& deadline);

// A log whose end has been read already: first what `unread` says, then the texts of `read`, each of at most
// kLogReadBytes.
struct LogTail {
  std::vector<LogSlice> unread;
  std::deque<std::string> read;

  uint64_t size() const;
};

// The last `lines` (1 or more) lines of the slices, which follow each other. Bytes behind the last newline
// are a line, as Ray has it (dashboard/modules/log/log_agent.py find_start_offset_last_n_lines_from_offset).
// Reads backwards from the end, no more than is needed to find the beginning, and keeps at most 8 MiB of it.
Result<LogTail> last_lines(Store& store, std::vector<LogSlice> slices, uint64_t lines,
                           const Deadline& deadline);

}  // namespace rayhistory::historyserver
