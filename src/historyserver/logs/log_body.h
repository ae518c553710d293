// The bodies of log answers: the bytes of a log, read as fast as the client takes them.
#pragma once

#include <memory>

#include "base/clock.h"
#include "historyserver/exchange/response.h"
#include "historyserver/logs/log_slices.h"
#include "historyserver/logs/text_filter.h"

namespace rayhistory::historyserver {

// Its first piece is read already, so that an error of the store is still an error of the answer. Holds at
// most what `tail` holds and one read. `filter` may be null. `store` and `clock` outlive it.
Result<std::unique_ptr<BodyPieces>> open_log_body(Store& store, LogTail tail,
                                                  std::unique_ptr<TextFilter> filter, const Clock& clock,
                                                  const Deadline& deadline);

}  // namespace rayhistory::historyserver
