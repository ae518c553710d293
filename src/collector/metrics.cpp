#include "collector/metrics.h"

#include <array>
#include <utility>

#include "status/metrics_page.h"

namespace rayhistory::collector {
namespace {

// Every one that a collector may ask for.
constexpr auto kOperations = [] {
  std::array<StoreOperation, kStoreOperations> all{};
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<StoreOperation>(i);
  return all;
}();

void add_events(MetricsPage& page, const EventFigures& events, const Backlog& backlog) {
  const JournalTotals& journal = events.journal;
  page.counter("events_received_total", "Events of the batches that were taken.",
               journal.stored + journal.rejected + journal.duplicate);
  page.counter("events_stored_total", "Events written to the journal and synced.", journal.stored);
  page.counter("events_rejected_total", "Events set aside, with a reason, in rejected_events.",
               journal.rejected);
  page.counter("events_duplicate_total", "Events that were in the journal already.", journal.duplicate);
  const uint64_t refused = journal.batches_refused_malformed + journal.batches_refused_disk_pressure +
                           journal.batches_refused_write_failure;
  page.counter("batches_taken_total", "Batches answered with 200.", journal.batches - refused);
  page.counters("batches_refused_total",
                "Requests for /v1/events, or in its place, that were not answered with 200.", "reason",
                {{"malformed", journal.batches_refused_malformed + events.server.malformed},
                 {"too_large", events.server.too_large},
                 {"stalled", events.server.stalled},
                 {"busy", events.server.busy},
                 {"disk_full", journal.batches_refused_disk_pressure},
                 {"write_failed", journal.batches_refused_write_failure}});
  page.begin("ack_duration_seconds", "histogram",
             "From the header of a request with a batch to its answer; Ray's agent gives up after 3 s.");
  page.histogram("", events.server.answer_times);
  page.begin("fsync_duration_seconds", "histogram", "Of one journal file.");
  page.histogram("", journal.sync_times);
  page.counter("journal_written_bytes_total", "Bytes of events written to the journal.",
               journal.bytes_written);
  page.gauge("journal_bytes", "What the journals take of their disk budget.", events.disk_bytes);
  page.gauge("journal_limit_bytes", "Their disk budget, --event-max-disk-mb.", events.disk_limit_bytes);
  page.gauge("journal_unsent_bytes", "Bytes of events that the store does not have yet.", backlog.bytes);
  page.gauge("journal_oldest_unsent_seconds", "How long the oldest of these bytes has been waiting.",
             in_seconds(backlog.oldest));
  page.gauge("disk_full", "1: batches are refused, because the journals have filled their disk budget.",
             events.is_full ? 1 : 0);
}

void add_logs(MetricsPage& page, const LogTotals& logs, const ShipperTotals& shipped,
              const Backlog& backlog) {
  page.gauge("log_files", "Log files of the running session that are followed.", logs.files);
  page.gauge("log_files_unreadable", "Of these, and of their folders, those that cannot be read.",
             logs.unreadable);
  page.gauge("log_files_pending", "Log files that the store does not have all of.", backlog.files);
  page.counter("log_files_abandoned_total", "Log files that were gone before all of them was stored.",
               shipped.files_abandoned);
  page.counter("log_bytes_read_total", "Bytes of logs seen, each once.", logs.bytes_seen);
  page.counter("log_bytes_stored_total", "Bytes of logs sent to the store, some more than once.",
               shipped.bytes_sent);
  page.gauge("log_bytes_pending", "Bytes of logs that the store does not have yet.", backlog.bytes);
  page.counter("log_bytes_abandoned_total", "Bytes of logs that were gone before they were stored.",
               shipped.bytes_abandoned);
  page.gauge("log_oldest_unsent_seconds",
             "How long the oldest byte of logs that the store does not have has been waiting.",
             in_seconds(backlog.oldest));
  page.counters("rotations_total", "Generations of log files that ended.", "kind",
                {{"renamed", logs.renamed},
                 {"replaced", logs.replaced},
                 {"truncated", logs.truncated},
                 {"unseen", logs.unseen}});
}

void add_dashboard(MetricsPage& page, const DashboardTotals& dashboard) {
  page.counters("endpoint_polls_total", "Requests to Ray's dashboard.", "outcome",
                {{"answered", dashboard.answered},
                 {"refused", dashboard.refused},
                 {"failed", dashboard.failed},
                 {"unreachable", dashboard.unreachable}});
  page.counters(
      "endpoint_answers_total", "What became of its answers.", "outcome",
      {{"stored", dashboard.stored}, {"unchanged", dashboard.unchanged}, {"kept_back", dashboard.kept_back}});
  page.gauge("endpoint_answers_pending", "Endpoints whose latest answer the store does not have yet.",
             dashboard.unstored);
}

void add_store(MetricsPage& page, const StoreTotals& store, const EventsAndLogs<ShipperTotals>& shipped) {
  page.add_store(store, kOperations);
  page.counters("store_retries_total", "Calls that failed in a way that is tried again.", "reason",
                {{"retry", store.ended(ErrorKind::retry)},
                 {"unknown_outcome", store.ended(ErrorKind::unknown_outcome)},
                 {"denied", store.ended(ErrorKind::denied)},
                 {"no_space", store.ended(ErrorKind::no_space)}});
  page.counters("objects_written_total", "Objects put, extended, or copied on the server.", "kind",
                {{"events", shipped.events.objects_written}, {"logs", shipped.logs.objects_written}});
  page.counters("sent_bytes_total", "Bytes sent to the store.", "kind",
                {{"events", shipped.events.bytes_sent}, {"logs", shipped.logs.bytes_sent}});
}

}  // namespace

std::string render_metrics(const Figures& figures) {
  MetricsPage page("ray_collector_");
  page.add_build("Which collector this is.");
  page.gauge("node_known", "1: the session and the node's ID are known.", figures.node_is_known ? 1 : 0);
  if (figures.events) add_events(page, *figures.events, event_backlog(figures));
  if (figures.logs) add_logs(page, *figures.logs, figures.shipped.logs, figures.backlog.logs);
  page.gauge("stalled_files", "Files whose bytes wait although it has long been their turn.",
             figures.stall ? figures.stall->files : 0);
  if (figures.dashboard) add_dashboard(page, *figures.dashboard);
  add_store(page, figures.store, figures.shipped);
  page.add_log(figures.trouble);
  page.add_process(figures.process);
  return std::move(page).text();
}

}  // namespace rayhistory::collector
