// The History Server's figures in Prometheus' text format 0.0.4. docs/metrics.md says what each one means.
//
// No label has a value that comes from outside: never a path, a session, a cluster or an address.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/process_figures.h"
#include "historyserver/cache/session_cache.h"
#include "historyserver/cache/session_index.h"
#include "historyserver/web/http_server.h"
#include "store/metered_store.h"

namespace rayhistory::historyserver {

// All that is counted, as it is at one moment.
struct HistoryFigures {
  HttpServerFigures web;
  SessionIndexFigures index;
  SessionCacheFigures cache;
  uint64_t cache_limit_bytes = 0;          // 0: none
  int64_t listed_at_unix_nanoseconds = 0;  // of `index`; 0: never
  StoreTotals store;
  LoggedTrouble trouble;
  ProcessFigures process;
};

std::string render_history_metrics(const HistoryFigures& figures);

}  // namespace rayhistory::historyserver
