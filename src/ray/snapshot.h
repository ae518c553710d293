// `collector --snapshot`: one look at a cluster that runs without a collector, stored as a session of its
// own.
//
// It asks the dashboard for what KubeRay's collector asks in its mode "snapshot" (tasks, actors, nodes,
// jobs), and for what the head's collector polls. No events and no logs are in it.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "layout/ids.h"
#include "layout/object_key.h"
#include "ray/dashboard_client.h"
#include "store/store.h"

namespace rayhistory::collector {

// Prints a line for each answer on `out`. The session's marker comes last, so that a snapshot that failed
// shows nowhere. An error is the first of the store's, or of an answer without which there is no snapshot:
// tasks, actors, nodes or jobs. `not_found`: the dashboard does not say which session runs.
Result<SessionName> store_snapshot(const DashboardClient& dashboard, Store& store, const ObjectKeys& keys,
                                   const std::vector<std::string>& additional_endpoints,
                                   const Deadline& deadline, std::FILE* out);

// The session in an answer of /nodes?view=summary, by the folder of the first node that is alive. Nothing
// where the answer tells none.
std::optional<SessionName> session_in_nodes(std::string_view body);

}  // namespace rayhistory::collector
