// Actors as the dashboard's pages have them: `/logical/actors` (Ray: dashboard/modules/node/node_head.py,
// datacenter.py).
#pragma once

#include <string>
#include <string_view>

#include "historyserver/api/session_end.h"
#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// All, or those of `ids=a,b`: an ID that is not known is null.
Response actor_page(const SessionView& view, const Request& request);
// An ID that is not known is null, and 200, as live.
Response actor_detail(const SessionView& view, std::string_view id);

void append_actor(std::string& json, const Actor& actor, const LastSeen& last_seen);

}  // namespace rayhistory::historyserver
