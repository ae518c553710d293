// Where the log files of one folder go: the keys that they get.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_tree.h"
#include "layout/ids.h"
#include "layout/node_times.h"
#include "layout/object_key.h"

namespace rayhistory::collector {

// What one node's logs are called in the store.
struct NodeLogs {
  int64_t since_nanoseconds = 0;  // unix time of the node's start; of the first it is not asked
  // The object key of a path below the folder, and the part that all of the node's keys share (Shipment).
  std::function<std::string(std::string_view path)> key_of;
  std::string prefix{};
};

struct LogPlace {
  SharedPath folder;
  // Oldest first; at least one.
  std::vector<NodeLogs> nodes;

  // Which of the nodes a file belongs to: the one that ran when it was last written. So a file that an
  // earlier node's processes have left is that one's for good, and one that both have written is the later
  // one's.
  size_t node_at(int64_t modified_nanoseconds) const;
  std::string key_of(size_t node, std::string_view path) const { return nodes[node].key_of(path); }
};

// The logs of one session, wherever on the disk they are.
LogPlace log_place(SharedPath folder, const ObjectKeys& keys, const SessionName& session,
                   const NodeTimes& nodes);

}  // namespace rayhistory::collector
