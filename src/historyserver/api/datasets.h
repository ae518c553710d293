// Ray Data's datasets of a job: what the dashboard answered last, and what Ray's export API told of them.
#pragma once

#include <string_view>

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// /api/data/datasets/<job ID>; without any, an empty list, as the live dashboard answers.
Response list_datasets(const SessionView& view, std::string_view job_id);

}  // namespace rayhistory::historyserver
