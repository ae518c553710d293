// A line a minute in the log, that all is well or what is not.
//
//   msg=status trouble=none events=1200 rejected=0 duplicate=0 refused_batches=0 log_files=412
//   sent_bytes=1048576 pending_files=3 pending_bytes=20480 lag=12s warnings=0 errors=0
//
// Counts are since the line before; files, pending and lag (the age of the oldest byte that the store does
// not have) are of now. After warnings or errors `last` is the latest of them.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "collector/figures.h"

namespace rayhistory::collector {

// Names of what is wrong now, by commas; "none". For an operator to search for:
//   store_unreachable   calls of the store fail and are repeated
//   disk_full           batches of events are refused until the store has taken some
//   node_unknown        no session or node ID: nothing can be stored yet
//   logs_unreadable     files or folders of the logs cannot be read
//   bytes_lost          since `before`: bytes were gone before they were stored
//   events_rejected     since `before`: most events were set aside and are missing from the history
std::string trouble_of(const Figures& before, const Figures& now);

// For one thread.
class StatusLine {
 public:
  void write(const Figures& now);

 private:
  Figures before_;
};

// Writes one a minute, on a thread of its own: no disk and no store delays it.
class StatusTicker {
 public:
  // `clock` must outlive it.
  StatusTicker(const Clock& clock, std::function<Figures()> figures);

 private:
  std::jthread thread_;
};

}  // namespace rayhistory::collector
