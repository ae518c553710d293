#include "status/metrics_page.h"

namespace rayhistory {
namespace {

// Room for all of it: the collector's has 20 kB with every operation and outcome.
constexpr size_t kUsualBytes = 24 * 1024;

}  // namespace

double in_seconds(Nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

MetricsPage::MetricsPage(std::string_view prefix) : prefix_(prefix) {
  text_.reserve(kUsualBytes);
}

void MetricsPage::begin(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name.starts_with("process_") ? std::string(name) : prefix_ + std::string(name);
  fmt::format_to(out(), "# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
}

void MetricsPage::histogram(std::string_view label, const DurationHistogram::Counts& counts) {
  const std::string_view comma = label.empty() ? "" : ",";
  uint64_t below = 0;
  for (size_t i = 0; i < DurationHistogram::kBounds.size(); ++i) {
    below += counts.in_class[i];
    fmt::format_to(out(), "{}_bucket{{{}{}le=\"{}\"}} {}\n", name_, label, comma,
                   in_seconds(DurationHistogram::kBounds[i]), below);
  }
  const std::string labels = label.empty() ? "" : fmt::format("{{{}}}", label);
  fmt::format_to(out(), "{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name_, label, comma, counts.count());
  fmt::format_to(out(), "{}_sum{} {}\n", name_, labels, in_seconds(counts.sum));
  fmt::format_to(out(), "{}_count{} {}\n", name_, labels, counts.count());
}

void MetricsPage::counters(std::string_view name, std::string_view help, std::string_view label,
                           std::initializer_list<std::pair<std::string_view, uint64_t>> samples) {
  begin(name, "counter", help);
  for (const auto& [value, count] : samples)
    sample(label, value, count);
}

void MetricsPage::add_build(std::string_view help) {
  begin("build_info", "gauge", help);
  sample("version", RAYHISTORY_VERSION, 1);
}

void MetricsPage::add_store(const StoreTotals& store, std::span<const StoreOperation> operations) {
  begin("store_requests_total", "counter",
        "Calls of the store, every try of each: an upload in parts is one.");
  for (const StoreOperation operation : operations) {
    for (size_t outcome = 0; outcome < kStoreOutcomes; ++outcome) {
      const uint64_t count = store.of(operation).outcomes[outcome];
      const bool is_ok = outcome == outcome_index({});
      if (count == 0 && !is_ok) continue;
      sample("op", name_of(operation), "outcome", name_of_outcome(outcome), count);
    }
  }
  begin("store_request_duration_seconds", "histogram", "Of these calls.");
  for (const StoreOperation operation : operations)
    histogram(fmt::format("op=\"{}\"", name_of(operation)), store.of(operation).times);
  gauge("store_reachable", "0: the last call failed in a way that is tried again.",
        store.failing_since ? 0 : 1);
  gauge("store_last_success_timestamp_seconds",
        "Unix time of the last call that the store answered; 0: none yet.",
        in_seconds(Nanoseconds(store.last_success_unix_nanoseconds)));
}

void MetricsPage::add_log(const LoggedTrouble& trouble) {
  counters("log_messages_total", "Lines of this program's own log.", "level",
           {{"warning", trouble.warnings}, {"error", trouble.errors}});
}

void MetricsPage::add_process(const ProcessFigures& process) {
  counter("process_cpu_seconds_total", "User and system time.", process.cpu_seconds);
  gauge("process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  gauge("process_virtual_memory_bytes", "Address space.", process.virtual_bytes);
  gauge("process_open_fds", "Open file descriptors.", process.open_descriptors);
  gauge("process_max_fds", "How many there may be.", process.descriptors_limit);
  gauge("process_threads", "Threads.", process.threads);
  gauge("process_start_time_seconds", "Unix time of the process's start.", process.start_unix_seconds);
}

}  // namespace rayhistory
