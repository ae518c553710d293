// Nodes as the state API has them: `/api/v0/nodes` (Ray: util/state/common.py NodeState).
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

Response list_nodes(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
