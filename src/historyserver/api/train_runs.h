// Ray Train's runs (Train V2): what the dashboard answered last, and what Ray's export API told of them.
#pragma once

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// /api/train/v2/runs/v1; 501 where nothing is known of any run.
Response list_train_runs(const SessionView& view);

}  // namespace rayhistory::historyserver
