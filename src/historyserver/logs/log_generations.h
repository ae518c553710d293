// The generations of a log: the files that Ray wrote one after another under one name, and rotated away.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "historyserver/logs/log_path.h"
#include "historyserver/logs/log_slices.h"
#include "historyserver/sessions/stored_session.h"

namespace rayhistory::historyserver {

struct LogGeneration {
  std::string key;
  uint64_t size = 0;
  int64_t last_written = 0;  // unix nanoseconds, 0: unknown; of the live file: later than any other
};

// Of the log `live_path` of the node: the oldest first, the live file last, where it is stored. KubeRay's
// collector until 1.7 stored a generation under the name that it had on the disk ("raylet.out.2"), which
// tells its place and no time. Where a generation of that length is there under our collector's name too,
// that one alone counts.
std::vector<LogGeneration> generations_of(const SessionListing& listing, const NodeId& node,
                                          const std::string& live_path);

// The node's generations that are stored under both names: the key under the name on the disk, and the key
// under our collector's name.
std::map<std::string, std::string> generations_under_two_names(const SessionListing& listing,
                                                               const NodeId& node);

std::vector<LogSlice> all_of(const std::vector<LogGeneration>& generations);

// What a task said: offsets count from the start of the file as it was when Ray noted them, so rotation may
// have come before or between them. Times are unix nanoseconds, 0 where unknown.
struct TaskOutput {
  uint64_t start = 0;
  int64_t began = 0;
  int64_t end = -1;  // unknown: -1
  int64_t ended = 0;
};
// What the process's next task began with; it bounds an output whose end nobody noted.
struct NextOutput {
  uint64_t start = 0;
  int64_t began = 0;
};

// Where it lies in the generations, of which there is at least one. With times, each offset belongs to the
// generation that was written at that time; without, to the newest that is long enough.
std::vector<LogSlice> slices_of(const std::vector<LogGeneration>& generations, const TaskOutput& output,
                                const NextOutput* next);

}  // namespace rayhistory::historyserver
