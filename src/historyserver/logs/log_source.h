// Which bytes of which objects a log request asks for.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "historyserver/logs/log_request.h"
#include "historyserver/logs/log_slices.h"
#include "historyserver/sessions/stored_session.h"
#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

// All of them, in order; `lines` is not looked at. A log that is found by whose it is goes through its
// rotated generations; a file name means that one file. `invalid`: no task, attempt or actor of that ID, or
// it says not where it ran; `not_found`: no such file, node or process.
Result<std::vector<LogSlice>> find_log(const LogRequest& request, const SessionListing& listing,
                                       const SessionState& state);

// The log of a submitted job's driver, on whichever node it is; nothing where no node has it.
Result<std::vector<LogSlice>> find_driver_log(std::string_view submission_id, const SessionListing& listing,
                                              const SessionState& state);

// `not_found` where the session knows none of that ID.
Result<NodeId> find_node_by_id(const NodeId& node, const SessionListing& listing, const SessionState& state);
// Of several the one that lived, and then the one that began last: a restarted raylet keeps its address.
Result<NodeId> find_node_by_ip(std::string_view ip, const SessionState& state);

}  // namespace rayhistory::historyserver
