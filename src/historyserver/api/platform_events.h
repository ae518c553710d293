// `/api/v0/platform_events`: what happened to the pods and nodes that the cluster ran on.
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// 404 where there is none: so a dashboard says that it collects none, and its pages leave the menu's item
// out.
Response platform_events(const SessionView& view);

}  // namespace rayhistory::historyserver
