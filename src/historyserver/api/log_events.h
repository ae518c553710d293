// What Ray's parts reported beside the export events: `logs/events/event_<SOURCE>[_<pid>].log` of each node,
// for `/events` and `/api/v0/cluster_events` (Ray: dashboard/modules/event/).
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// By job, or of `job_id=`, which may be one that has none.
Response event_page(const SessionView& view, const Request& request);
Response list_cluster_events(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
