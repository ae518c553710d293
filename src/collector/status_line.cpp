#include "collector/status_line.h"

#include <algorithm>
#include <utility>

#include "base/duration.h"
#include "base/log.h"
#include "ingest/rejection_watch.h"

namespace rayhistory::collector {
namespace {

constexpr Seconds kInterval{60};
static_assert(kInterval == kRejectionWindow, "the line and the watch judge the same time");

uint64_t refused_batches(const EventFigures& events) {
  const JournalTotals& journal = events.journal;
  const EventServerTotals& server = events.server;
  return journal.batches_refused_malformed + journal.batches_refused_disk_pressure +
         journal.batches_refused_write_failure + server.malformed + server.too_large + server.stalled +
         server.busy;
}

uint64_t bytes_abandoned(const Figures& figures) {
  return figures.shipped.events.bytes_abandoned + figures.shipped.logs.bytes_abandoned;
}

uint64_t bytes_sent(const Figures& figures) {
  return figures.shipped.events.bytes_sent + figures.shipped.logs.bytes_sent;
}

}  // namespace

std::string trouble_of(const Figures& before, const Figures& now) {
  std::string trouble;
  const auto add = [&trouble](bool is_so, std::string_view name) {
    if (!is_so) return;
    if (!trouble.empty()) trouble += ',';
    trouble += name;
  };
  add(now.store.failing_since.has_value(), "store_unreachable");
  add(now.stall.has_value(), "backlog_stalled");
  add(now.events && now.events->is_full, "disk_full");
  add(!now.node_is_known, "node_unknown");
  add(now.logs && now.logs->unreadable > 0, "logs_unreadable");
  add(bytes_abandoned(now) > bytes_abandoned(before), "bytes_lost");
  const JournalTotals none;
  const JournalTotals& events = now.events ? now.events->journal : none;
  const JournalTotals& events_before = before.events ? before.events->journal : none;
  add(are_most_rejected(events.stored - events_before.stored, events.rejected - events_before.rejected),
      "events_rejected");
  return trouble.empty() ? "none" : trouble;
}

void StatusLine::write(const Figures& now) {
  const EventFigures none;
  const EventFigures& events = now.events ? *now.events : none;
  const EventFigures& events_before = before_.events ? *before_.events : none;
  const Backlog waiting = event_backlog(now);
  const Backlog& logs = now.backlog.logs;
  const uint64_t warnings = now.trouble.warnings - before_.trouble.warnings;
  const uint64_t errors = now.trouble.errors - before_.trouble.errors;
  const bool is_quiet = warnings + errors == 0;
  log_info("status",
           {{"trouble", trouble_of(before_, now)},
            {"events", events.journal.stored - events_before.journal.stored},
            {"rejected", events.journal.rejected - events_before.journal.rejected},
            {"duplicate", events.journal.duplicate - events_before.journal.duplicate},
            {"refused_batches", refused_batches(events) - refused_batches(events_before)},
            {"log_files", now.logs ? now.logs->files : 0},
            {"sent_bytes", bytes_sent(now) - bytes_sent(before_)},
            {"pending_files", waiting.files + logs.files},
            {"pending_bytes", waiting.bytes + logs.bytes},
            {"lag", format_duration(std::chrono::floor<Seconds>(std::max(waiting.oldest, logs.oldest)))},
            {"warnings", warnings},
            {"errors", errors},
            {"last", is_quiet ? "none" : now.trouble.last}});
  before_ = now;
}

StatusTicker::StatusTicker(const Clock& clock, std::function<Figures()> figures)
    : thread_([&clock, figures = std::move(figures)](const std::stop_token& stop) {
        StatusLine line;
        while (clock.sleep_for(kInterval, stop))
          line.write(figures());
      }) {}

}  // namespace rayhistory::collector
