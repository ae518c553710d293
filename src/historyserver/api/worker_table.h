// Workers as the state API has them: `/api/v0/workers` (Ray: util/state/common.py WorkerState). Drivers are
// made of their jobs, since Ray reports no worker for them.
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

Response list_workers(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
