// `/api/v0/placement_groups`: out of the list that the collector fetched last, filtered and cut here (Ray:
// util/state/common.py PlacementGroupState).
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

Response list_placement_groups(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
