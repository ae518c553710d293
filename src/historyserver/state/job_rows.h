// job_rows() makes the jobs of a session, out of all that tells of them: drivers' events, submissions' events
// and logs, the supervisor actors of submissions, and what the dashboard said of them when it was last asked.
#pragma once

#include <span>
#include <vector>

#include "historyserver/state/session_state.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

// It sorts the rows by job ID, then submission ID. A submission and its driver are one row; where it has
// several drivers, the one with the highest job ID counts, as in Ray (dashboard/modules/job/utils.py
// get_driver_jobs). Texts stay where they are. `actors` and `nodes` are by ID.
std::vector<Job> job_rows(std::span<const DriverPiece> drivers, std::span<const SubmissionPiece> submissions,
                          std::span<const FetchedJobPiece> fetched, const std::vector<Actor>& actors,
                          const std::vector<Node>& nodes);

}  // namespace rayhistory::historyserver
