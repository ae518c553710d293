// Nodes as the dashboard's pages have them: `/nodes` (Ray: dashboard/modules/node/node_head.py,
// datacenter.py).
//
// What a host was doing (CPU, memory, disks, processes) is in no event. Where the collector fetched
// `/nodes?view=summary`, these are its figures; else they are zeros, since the pages calculate with them.
#pragma once

#include <string_view>

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// view=summary, view=hostNameList; another or none: 400.
Response node_page(const SessionView& view, const Request& request);
// With its actors and the workers that it had at the end. An unknown one is an empty one, and 200, as live.
Response node_detail(const SessionView& view, std::string_view id);

}  // namespace rayhistory::historyserver
