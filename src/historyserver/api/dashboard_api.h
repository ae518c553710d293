// Every endpoint of Ray's dashboard for a session that has ended, but its logs (logs/): which path is
// answered how. Paths that the live dashboard knows are answered with another status than 404 wherever it
// would not say 404 itself: before a proxy of Ray's dashboard, a 404 lets the user see another cluster's
// data.
//
// Pure: the answer depends on the view alone; only stored endpoints and event logs are read from the store.
// Any thread.
#pragma once

#include <string_view>
#include <vector>

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// HEAD is answered as GET; whoever sends it drops the body. All other methods: 405.
Response answer(const Request& request, const SessionView& view);

// The paths that have an answer of their own. Paths with a name at their end ("/nodes/<id>") are not among
// them.
std::vector<std::string_view> dashboard_paths();

}  // namespace rayhistory::historyserver
