// Actors as the state API has them: `/api/v0/actors` and their summary (Ray: util/state/common.py
// ActorState).
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

Response list_actors(const SessionView& view, const Request& request);
Response summarize_actors(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
