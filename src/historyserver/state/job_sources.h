// What tells of submitted jobs beside events: the dashboard's list of jobs as the collector fetched it, the
// head's log of job events, and the names of the jobs' own logs.
#pragma once

#include <string_view>

#include "historyserver/state/session_builder.h"

namespace rayhistory {

// An answer of /api/jobs/. False where it is none.
bool add_fetched_jobs(SessionBuilder& builder, std::string_view body);

// The lines of an event_JOBS.log (Ray: dashboard/modules/job/job_manager.py): "Started a ray job <id>." and
// "Completed a ray job <id> with a status <status>.". Others are passed over.
void add_job_log(SessionBuilder& builder, std::string_view lines);

// `path` is below its session: "<node>/logs/job-driver-<submission ID>.log" tells of a submission; any other
// of nothing.
void add_job_of_log_file(SessionBuilder& builder, std::string_view path);

}  // namespace rayhistory
