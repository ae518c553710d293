// What the dashboard says of a session as a whole: its version, its metadata, whether something still runs.
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// `/api/version`: what `ray job` asks before each call. Where no version is stored: 501.
Response ray_version(const SessionView& view);
// `/api/v0/cluster_metadata`
Response cluster_metadata(const SessionView& view);
// `/timezone`
Response timezone(const SessionView& view);
// `/cluster_id`
Response cluster_id(const SessionView& view);
// `/api/component_activities`: drivers, none of which runs any more.
Response component_activities(const SessionView& view);

}  // namespace rayhistory::historyserver
