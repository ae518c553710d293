// Jobs: `/api/jobs/` and the state API's `/api/v0/jobs` (Ray: dashboard/modules/job/pydantic_models.py
// JobDetails).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// A bare array: submissions, then drivers, each by start.
Response all_jobs(const SessionView& view);
// By job or submission ID. Unknown: 410, since a 404 would let a proxy of Ray's dashboard show its own
// cluster's job of that ID, and job IDs repeat in every cluster.
Response one_job(const SessionView& view, std::string_view id);
// The same as JSON; nothing where there is none.
std::optional<std::string> job_json(const SessionView& view, std::string_view id);
Response list_jobs(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
