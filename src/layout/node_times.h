// The nodes that ran in one session on this machine, one after the other: a raylet that is restarted within
// its session is another node, and the session's folder of logs goes on.
#pragma once

#include <cstdint>
#include <vector>

#include "layout/ids.h"

namespace rayhistory {

struct NodeTime {
  NodeId node;
  int64_t since_nanoseconds = 0;  // unix time of its start
};

// Oldest first; at least one.
using NodeTimes = std::vector<NodeTime>;

}  // namespace rayhistory
