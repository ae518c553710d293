// Tasks as the state API has them: `/api/v0/tasks`, a row an attempt (Ray: util/state/common.py TaskState).
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "historyserver/api/list_query.h"
#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

struct TaskSelection {
  std::vector<const TaskAttempt*> attempts;  // in the order of their IDs
  // Attempts that are left where Ray's source itself filters, before the other filters.
  size_t total = 0;
};

// `invalid` for a filter that tasks do not have.
Result<TaskSelection> select_tasks(const SessionState& state, const std::vector<Filter>& filters,
                                   bool exclude_driver);

Response list_tasks(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
