// How much of what was in use: of a node, as its raylet last wrote it to debug_state.txt, and the lines that
// `ray status` makes of it (Ray: autoscaler/_private/util.py parse_usage).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "historyserver/api/session_view.h"

namespace rayhistory::historyserver {

struct Usage {
  double used = 0;
  double total = 0;
};
using UsageByResource = std::map<std::string, Usage, std::less<>>;

struct NodeUsage {
  UsageByResource resources;
  bool is_idle = false;
};

// Of a raylet's debug_state.txt; nothing where it does not have what this reads.
std::optional<NodeUsage> parse_debug_state(std::string_view text);

// Of each node that is alive, by its place in `state.nodes`; where a raylet wrote nothing, all that the node
// has, and none of it used. The store's error where it fails.
Result<std::vector<NodeUsage>> usage_of_nodes(const SessionView& view);

// "0.1/2.0 CPU (0.0 used of 0.1 reserved in placement groups)", "0B/21.74GiB memory": by name, what placement
// groups reserved folded into the resource it was taken from, without what stands for a node or its kind.
std::vector<std::string> usage_lines(const UsageByResource& usage);

}  // namespace rayhistory::historyserver
