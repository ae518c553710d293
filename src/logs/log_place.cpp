#include "logs/log_place.h"

#include <utility>

#include "base/check.h"

namespace rayhistory::collector {

size_t LogPlace::node_at(int64_t modified_nanoseconds) const {
  CHECK(!nodes.empty());
  size_t node = nodes.size() - 1;
  while (node > 0 && nodes[node].since_nanoseconds > modified_nanoseconds)
    --node;
  return node;
}

LogPlace log_place(SharedPath folder, const ObjectKeys& keys, const SessionName& session,
                   const NodeTimes& nodes) {
  LogPlace place{.folder = std::move(folder), .nodes = {}};
  for (const NodeTime& node : nodes) {
    place.nodes.push_back({.since_nanoseconds = node.since_nanoseconds,
                           .key_of = [keys, session, node = node.node](
                                         std::string_view path) { return keys.log(session, node, path); },
                           .prefix = keys.node_prefix(session, node.node)});
  }
  return place;
}

}  // namespace rayhistory::collector
