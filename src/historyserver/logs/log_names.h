// The logs of a node, by component: the answer of /api/v0/logs.
#pragma once

#include <string>
#include <string_view>

#include "historyserver/logs/log_glob.h"
#include "historyserver/sessions/stored_session.h"

namespace rayhistory::historyserver {

// "raylet", "worker_out", …, of a path below the logs folder (Ray: dashboard/modules/log/log_manager.py
// _categorize_log_files).
std::string_view category_of(std::string_view path);

// {"raylet": ["raylet.err", "raylet.out"], …}: paths below the logs folder, of a folder with a slash at its
// end, in the order of their names. Each is shown as a `filename` can be (exchange/shown_name.h), and the
// glob is matched against that. A rotated generation that is stored under two names is listed under our
// collector's, and under its name on the disk only where the glob takes that name alone. `invalid` where that
// would take too long (GlobEffort).
Result<std::string> log_names_json(const SessionListing& listing, const NodeId& node, const LogGlob& glob);

}  // namespace rayhistory::historyserver
