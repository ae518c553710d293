// `/api/v0/tasks/timeline`: what workers spent their time on, as a trace that Perfetto and chrome://tracing
// open (Ray: _private/profiling.py chrome_tracing_dump).
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// The first 10,000 attempts by ID, as live: `job_id` makes a choice among more. `download=1` names a file.
Response task_timeline(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
