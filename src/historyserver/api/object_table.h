// `/api/v0/objects` and their summary: nothing is stored of objects, and the answers say so.
#pragma once

#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

Response list_objects(const Request& request);
Response summarize_objects();

}  // namespace rayhistory::historyserver
