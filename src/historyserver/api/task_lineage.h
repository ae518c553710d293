// Who started whom: the tree of tasks and actors of a summary by lineage (Ray: util/state/common.py
// TaskSummaries.to_summary_by_lineage).
//
// Each task is a node, its attempts together; each actor is one, with its creation task and its methods below
// it, where the creation task's parent is. What has no known way up to a driver is left out, with all below
// it. Siblings of one name are put under a group. Counts add up to the parents.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "historyserver/api/state_counts.h"
#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

// Ray's RAY_MAX_LIMIT_FROM_API_SERVER: a tree of more is none that a browser can draw.
inline constexpr size_t kLineageAttempts = 10'000;
// Each generation is two levels of JSON, and readers of JSON stop at 1,000 or so. What is deeper is left out,
// and a warning says so.
inline constexpr size_t kLineageGenerations = 400;

// A JSON array. `attempts` in the order of their IDs; what is counted is added to `totals`.
std::string lineage_json(std::vector<const TaskAttempt*> attempts, const SessionState& state,
                         TaskTotals& totals, std::vector<std::string>& warnings);

}  // namespace rayhistory::historyserver
