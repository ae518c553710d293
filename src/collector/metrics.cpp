#include "collector/metrics.h"

#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace rayhistory {
namespace {

// Room for all of it: 20 kB with every operation and outcome.
constexpr size_t kUsualBytes = 24 * 1024;

double seconds(Nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// One name after the other: first what it is, then its samples.
class Page {
 public:
  Page() { text_.reserve(kUsualBytes); }

  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(out(), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  template <typename Number>
  void sample(Number value) {
    fmt::format_to(out(), "{} {}\n", name_, value);
  }
  template <typename Number>
  void sample(std::string_view label, std::string_view label_value, Number value) {
    fmt::format_to(out(), "{}{{{}=\"{}\"}} {}\n", name_, label, label_value, value);
  }
  template <typename Number>
  void sample(std::string_view label, std::string_view label_value, std::string_view label2,
              std::string_view label2_value, Number value) {
    fmt::format_to(out(), "{}{{{}=\"{}\",{}=\"{}\"}} {}\n", name_, label, label_value, label2, label2_value,
                   value);
  }
  // `label` is `op="put"`, or empty.
  void histogram(std::string_view label, const DurationHistogram::Counts& counts) {
    const std::string_view comma = label.empty() ? "" : ",";
    uint64_t below = 0;
    for (size_t i = 0; i < DurationHistogram::kBounds.size(); ++i) {
      below += counts.in_class[i];
      fmt::format_to(out(), "{}_bucket{{{}{}le=\"{}\"}} {}\n", name_, label, comma,
                     seconds(DurationHistogram::kBounds[i]), below);
    }
    const std::string labels = label.empty() ? "" : fmt::format("{{{}}}", label);
    fmt::format_to(out(), "{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name_, label, comma, counts.count());
    fmt::format_to(out(), "{}_sum{} {}\n", name_, labels, seconds(counts.sum));
    fmt::format_to(out(), "{}_count{} {}\n", name_, labels, counts.count());
  }

  template <typename Number>
  void counter(std::string_view name, std::string_view help, Number value) {
    begin(name, "counter", help);
    sample(value);
  }
  template <typename Number>
  void gauge(std::string_view name, std::string_view help, Number value) {
    begin(name, "gauge", help);
    sample(value);
  }
  // A counter whose samples differ in one label.
  void counters(std::string_view name, std::string_view help, std::string_view label,
                std::initializer_list<std::pair<std::string_view, uint64_t>> samples) {
    begin(name, "counter", help);
    for (const auto& [value, count] : samples)
      sample(label, value, count);
  }

  std::string text() && { return std::move(text_); }

 private:
  std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }

  std::string text_;
  std::string name_;
};

void add_events(Page& page, const EventFigures& events, const Backlog& backlog) {
  const JournalTotals& journal = events.journal;
  page.counter("ray_collector_events_received_total", "Events of the batches that were taken.",
               journal.stored + journal.rejected + journal.duplicate);
  page.counter("ray_collector_events_stored_total", "Events written to the journal and synced.",
               journal.stored);
  page.counter("ray_collector_events_rejected_total", "Events set aside, with a reason, in rejected_events.",
               journal.rejected);
  page.counter("ray_collector_events_duplicate_total", "Events that were in the journal already.",
               journal.duplicate);
  const uint64_t refused = journal.batches_refused_malformed + journal.batches_refused_disk_pressure +
                           journal.batches_refused_write_failure;
  page.counter("ray_collector_batches_taken_total", "Batches answered with 200.", journal.batches - refused);
  page.counters("ray_collector_batches_refused_total",
                "Requests for /v1/events, or in its place, that were not answered with 200.", "reason",
                {{"malformed", journal.batches_refused_malformed + events.server.malformed},
                 {"too_large", events.server.too_large},
                 {"stalled", events.server.stalled},
                 {"busy", events.server.busy},
                 {"disk_full", journal.batches_refused_disk_pressure},
                 {"write_failed", journal.batches_refused_write_failure}});
  page.begin("ray_collector_ack_duration_seconds", "histogram",
             "From the header of a request with a batch to its answer; Ray's agent gives up after 3 s.");
  page.histogram("", events.server.answer_times);
  page.begin("ray_collector_fsync_duration_seconds", "histogram", "Of one journal file.");
  page.histogram("", journal.sync_times);
  page.counter("ray_collector_journal_written_bytes_total", "Bytes of events written to the journal.",
               journal.bytes_written);
  page.gauge("ray_collector_journal_bytes", "What the journals take of their disk budget.",
             events.disk_bytes);
  page.gauge("ray_collector_journal_limit_bytes", "Their disk budget, --event-max-disk-mb.",
             events.disk_limit_bytes);
  page.gauge("ray_collector_journal_unsent_bytes", "Bytes of events that the store does not have yet.",
             backlog.bytes);
  page.gauge("ray_collector_journal_oldest_unsent_seconds",
             "How long the oldest of these bytes has been waiting.", seconds(backlog.oldest));
  page.gauge("ray_collector_disk_full",
             "1: batches are refused, because the journals have filled their disk budget.",
             events.is_full ? 1 : 0);
}

void add_logs(Page& page, const LogTotals& logs, const ShipperTotals& shipped, const Backlog& backlog) {
  page.gauge("ray_collector_log_files", "Log files of the running session that are followed.", logs.files);
  page.gauge("ray_collector_log_files_unreadable",
             "Of these, and of their folders, those that cannot be read.", logs.unreadable);
  page.gauge("ray_collector_log_files_pending", "Log files that the store does not have all of.",
             backlog.files);
  page.counter("ray_collector_log_files_abandoned_total",
               "Log files that were gone before all of them was stored.", shipped.files_abandoned);
  page.counter("ray_collector_log_bytes_read_total", "Bytes of logs seen, each once.", logs.bytes_seen);
  page.counter("ray_collector_log_bytes_stored_total",
               "Bytes of logs sent to the store, some more than once.", shipped.bytes_sent);
  page.gauge("ray_collector_log_bytes_pending", "Bytes of logs that the store does not have yet.",
             backlog.bytes);
  page.counter("ray_collector_log_bytes_abandoned_total",
               "Bytes of logs that were gone before they were stored.", shipped.bytes_abandoned);
  page.gauge("ray_collector_log_oldest_unsent_seconds",
             "How long the oldest byte of logs that the store does not have has been waiting.",
             seconds(backlog.oldest));
  page.counters("ray_collector_rotations_total", "Generations of log files that ended.", "kind",
                {{"renamed", logs.renamed}, {"replaced", logs.replaced}, {"truncated", logs.truncated}});
}

void add_dashboard(Page& page, const DashboardTotals& dashboard) {
  page.counters("ray_collector_endpoint_polls_total", "Requests to Ray's dashboard.", "outcome",
                {{"answered", dashboard.answered},
                 {"refused", dashboard.refused},
                 {"failed", dashboard.failed},
                 {"unreachable", dashboard.unreachable}});
  page.counters(
      "ray_collector_endpoint_answers_total", "What became of its answers.", "outcome",
      {{"stored", dashboard.stored}, {"unchanged", dashboard.unchanged}, {"kept_back", dashboard.kept_back}});
  page.gauge("ray_collector_endpoint_answers_pending",
             "Endpoints whose latest answer the store does not have yet.", dashboard.unstored);
}

void add_store(Page& page, const StoreTotals& store, const EventsAndLogs<ShipperTotals>& shipped) {
  page.begin("ray_collector_store_requests_total", "counter",
             "Calls of the store, every try of each: an upload in parts is one.");
  for (size_t i = 0; i < kStoreOperations; ++i) {
    for (size_t j = 0; j < kStoreOutcomes; ++j) {
      const uint64_t count = store.operations[i].outcomes[j];
      const bool is_ok = j == outcome_index({});
      if (count == 0 && !is_ok) continue;
      page.sample("op", name_of(static_cast<StoreOperation>(i)), "outcome", name_of_outcome(j), count);
    }
  }
  page.begin("ray_collector_store_request_duration_seconds", "histogram", "Of these calls.");
  for (size_t i = 0; i < kStoreOperations; ++i) {
    const auto operation = static_cast<StoreOperation>(i);
    page.histogram(fmt::format("op=\"{}\"", name_of(operation)), store.operations[i].times);
  }
  page.counters("ray_collector_store_retries_total", "Calls that failed in a way that is tried again.",
                "reason",
                {{"retry", store.ended(ErrorKind::retry)},
                 {"unknown_outcome", store.ended(ErrorKind::unknown_outcome)},
                 {"denied", store.ended(ErrorKind::denied)},
                 {"no_space", store.ended(ErrorKind::no_space)}});
  page.gauge("ray_collector_store_reachable", "0: the last call failed in a way that is tried again.",
             store.failing_since ? 0 : 1);
  page.gauge("ray_collector_store_last_success_timestamp_seconds",
             "Unix time of the last call that the store answered; 0: none yet.",
             seconds(Nanoseconds(store.last_success_unix_nanoseconds)));
  page.counters("ray_collector_objects_written_total", "Objects put, extended, or copied on the server.",
                "kind", {{"events", shipped.events.objects_written}, {"logs", shipped.logs.objects_written}});
  page.counters("ray_collector_sent_bytes_total", "Bytes sent to the store.", "kind",
                {{"events", shipped.events.bytes_sent}, {"logs", shipped.logs.bytes_sent}});
}

void add_process(Page& page, const ProcessFigures& process) {
  page.counter("process_cpu_seconds_total", "User and system time.", process.cpu_seconds);
  page.gauge("process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  page.gauge("process_virtual_memory_bytes", "Address space.", process.virtual_bytes);
  page.gauge("process_open_fds", "Open file descriptors.", process.open_descriptors);
  page.gauge("process_max_fds", "How many there may be.", process.descriptors_limit);
  page.gauge("process_threads", "Threads.", process.threads);
  page.gauge("process_start_time_seconds", "Unix time of the process's start.", process.start_unix_seconds);
}

}  // namespace

std::string render_metrics(const Figures& figures) {
  Page page;
  page.begin("ray_collector_build_info", "gauge", "Which collector this is.");
  page.sample("version", RAYHISTORY_VERSION, 1);
  page.gauge("ray_collector_node_known", "1: the session and the node's ID are known.",
             figures.node_is_known ? 1 : 0);
  if (figures.events) add_events(page, *figures.events, event_backlog(figures));
  if (figures.logs) add_logs(page, *figures.logs, figures.shipped.logs, figures.backlog.logs);
  if (figures.dashboard) add_dashboard(page, *figures.dashboard);
  add_store(page, figures.store, figures.shipped);
  page.counters("ray_collector_log_messages_total", "Lines of this program's own log.", "level",
                {{"warning", figures.trouble.warnings}, {"error", figures.trouble.errors}});
  add_process(page, figures.process);
  return std::move(page).text();
}

}  // namespace rayhistory
