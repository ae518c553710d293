// `/api/cluster_status`: with `format=1` the text of `ray status`, as at the session's end (Ray:
// autoscaler/_private/util.py format_info_string). What the collector fetched comes first.
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

Response cluster_status(const SessionView& view, const Request& request);

}  // namespace rayhistory::historyserver
