// All that is counted in a collector, as it is at one moment: what /metrics shows and the line a minute
// tells. Every part keeps its own totals; they are gathered when somebody asks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/process_figures.h"
#include "ingest/event_server.h"
#include "journal/journal.h"
#include "logs/log_tracker.h"
#include "ray/dashboard_health.h"
#include "shipper/shipper.h"
#include "store/metered_store.h"

namespace rayhistory::collector {

struct EventFigures {
  JournalTotals journal;
  EventServerTotals server;
  JournalBacklog unnamed;  // not in the shipper's backlog
  uint64_t disk_bytes = 0;
  uint64_t disk_limit_bytes = 0;
  bool is_full = false;
};

struct Figures {
  bool node_is_known = false;
  std::optional<EventFigures> events;        // when events are collected
  std::optional<LogTotals> logs;             // when logs are collected; counts of all sessions so far
  std::optional<DashboardTotals> dashboard;  // on the head
  EventsAndLogs<ShipperTotals> shipped;
  EventsAndLogs<Backlog> backlog;
  std::optional<Stall> stall;
  StoreTotals store;
  LoggedTrouble trouble;
  ProcessFigures process;
};

// The shipper's, and what the journal keeps back: for its name, or to be compressed.
inline Backlog event_backlog(const Figures& figures) {
  Backlog backlog = figures.backlog.events;
  if (!figures.events) return backlog;
  const JournalBacklog& unnamed = figures.events->unnamed;
  backlog.files += unnamed.waiting_files + unnamed.uncompressed_files;
  backlog.bytes += unnamed.waiting_bytes + unnamed.uncompressed_bytes;
  backlog.oldest = std::max(backlog.oldest, unnamed.oldest);
  return backlog;
}

}  // namespace rayhistory::collector
