// A body that comes piece by piece, through a filter.
#pragma once

#include <memory>

#include "historyserver/exchange/response.h"
#include "historyserver/logs/text_filter.h"

namespace rayhistory::historyserver {

std::unique_ptr<BodyPieces> filtered_body(std::unique_ptr<BodyPieces> body,
                                          std::unique_ptr<TextFilter> filter);

}  // namespace rayhistory::historyserver
