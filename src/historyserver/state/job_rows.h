// The jobs of a session, out of all that tells of them: drivers' events, submissions' events and logs, the
// supervisor actors of submissions, and what the dashboard said of them when it was last asked.
#pragma once

#include <span>
#include <vector>

#include "historyserver/state/session_state.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

// The submission's ID; empty where the actor is no job's supervisor (Ray: dashboard/modules/job/common.py,
// JOB_ACTOR_NAME_TEMPLATE).
std::string_view submission_of(const Actor& actor);

// By job ID, then submission ID. A submission and its driver are one row; of several drivers, the one with
// the highest job ID, as in Ray (dashboard/modules/job/utils.py get_driver_jobs). Texts stay where they are.
// `actors` and `nodes` are by ID.
std::vector<Job> job_rows(std::span<const DriverPiece> drivers, std::span<const SubmissionPiece> submissions,
                          std::span<const FetchedJobPiece> fetched, const std::vector<Actor>& actors,
                          const std::vector<Node>& nodes);

}  // namespace rayhistory::historyserver
