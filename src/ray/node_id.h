// Where a node's ID is found: in a file of the Ray container, in the names of files that Ray leaves in the
// session's folder, or in what the head's dashboard answers. These are single looks without memory;
// session_watcher.h decides when to look where.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "layout/ids.h"
#include "layout/local_path.h"
#include "layout/node_times.h"
#include "ray/auth_token.h"

namespace rayhistory::collector {

struct NodeIdInFiles {
  // Nothing: no file names one, and `reason` says what was looked at.
  std::optional<NodeId> node;
  std::string source;  // the path it was found in
  std::string reason;
  // It comes from a raylet_node_id file that is older than the session's folder, and may name the raylet of
  // the session before, until the Ray container's postStart hook writes it anew.
  bool doubtful = false;
};

// First $RAY_TMP_ROOT/raylet_node_id, unless it is stale: older than the newest <session>/*_port_<node id>
// file, which names another node. Then that newest file.
NodeIdInFiles node_id_in_files(const RayFolder& folder, const SessionName& session);

// The nodes that ran in the session, by their port files: each began a little before its first one. `known`
// is one of them; where none of the files is of it, it alone.
NodeTimes node_times(const RayFolder& folder, const SessionName& session, const NodeId& known);

// "http://$FQ_RAY_IP[:port]/api/v0/nodes?limit=10000". `fq_ray_ip` may carry its own scheme and port; `port`
// is RAY_DASHBOARD_PORT, empty for 8265. `invalid` names the variable.
Result<Url> nodes_url(std::string_view fq_ray_ip, std::string_view port);

// The node of `pod_ip` that is alive in the dashboard's answer, the one started last where there are several
// (a raylet that was killed counts as alive until its health check fails). Nothing where there is none,
// whatever else the answer holds.
std::optional<NodeId> alive_node_at(std::string_view pod_ip, std::string_view answer);

// One request. not_found when the answer knows no such node; denied when the dashboard wants a token.
Result<NodeId> ask_dashboard_for_node(HttpClient& http, const Url& nodes, std::string_view pod_ip,
                                      const TokenSource& token, const Deadline& deadline);

}  // namespace rayhistory::collector
