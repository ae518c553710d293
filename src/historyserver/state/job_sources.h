// What tells of submitted jobs beside events: the dashboard's list of jobs as the collector fetched it, the
// head's log of job events, and the names and first lines of the jobs' own logs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "historyserver/state/session_builder.h"

namespace rayhistory::historyserver {

// An answer of /api/jobs/. False where it is none.
bool add_fetched_jobs(SessionBuilder& builder, std::string_view body);

// The lines of an event_JOBS.log (Ray: dashboard/modules/job/job_manager.py): "Started a ray job <id>." and
// "Completed a ray job <id> with a status <status>.". Others are passed over.
void add_job_log(SessionBuilder& builder, std::string_view lines);

// "job-driver-<submission ID>.log", below a node's logs: what the submitted program wrote.
std::string log_file_of_submission(std::string_view submission_id);

// The submission's ID in "<node>/logs/job-driver-<submission ID>.log", a path below its session; nothing of
// any other path.
std::optional<std::string_view> submission_of_log_file(std::string_view path);

// There is such a log.
void add_job_of_log_file(SessionBuilder& builder, std::string_view path);

// How such a log begins: what Ray was told to run is in one of its first lines (Ray:
// dashboard/modules/job/job_supervisor.py). Of a command of several lines it is the first.
void add_job_log_begin(SessionBuilder& builder, std::string_view submission_id, std::string_view begin);

}  // namespace rayhistory::historyserver
