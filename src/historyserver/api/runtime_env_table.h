// `/api/v0/runtime_envs`: which environments tasks and actors had on which node. Whether and when they were
// made is in no event (Ray: util/state/common.py RuntimeEnvState).
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

Response list_runtime_envs(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
