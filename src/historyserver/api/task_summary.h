// `/api/v0/tasks/summarize`: how many tasks of each name are in which state.
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// summary_by: func_name (as task_name), or lineage (task_lineage.h).
Response summarize_tasks(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
