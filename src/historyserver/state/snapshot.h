// Tasks, actors and nodes of a session without stored events: what the dashboard answered while the
// cluster ran, as `collector --snapshot` and KubeRay's collector (--mode=snapshot) fetch it.
#pragma once

#include <optional>
#include <string_view>

#include "historyserver/state/session_builder.h"

namespace rayhistory::historyserver {

enum class SnapshotTable { tasks, actors, nodes };

// The table that is stored at a path below its session:
// "fetched_endpoints/restful__api__v0__tasks?detail=1&limit=10000", with any query or none. Nothing where it
// is no such answer.
std::optional<SnapshotTable> snapshot_table(std::string_view path);

// The rows of an answer of /api/v0/tasks, /logical/actors or /nodes?view=summary. Each counts where no event
// tells of its task's attempt, actor or node. False where it is no such answer.
bool add_snapshot(SessionBuilder& builder, SnapshotTable table, std::string_view body);

}  // namespace rayhistory::historyserver
