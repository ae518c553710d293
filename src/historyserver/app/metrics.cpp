#include "historyserver/app/metrics.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "status/metrics_page.h"

namespace rayhistory::historyserver {
namespace {

// It writes nothing (sessions/reading_store.h).
constexpr std::array kOperations = {StoreOperation::ensure_bucket, StoreOperation::stat, StoreOperation::list,
                                    StoreOperation::get};

void add_requests(MetricsPage& page, const HttpServerFigures& web) {
  page.begin("requests_total", "counter",
             "Requests that were answered, by what was asked for and the status.");
  for (size_t i = 0; i < kRouteClasses; ++i) {
    const auto route = static_cast<RouteClass>(i);
    for (size_t j = 0; j < kStatusClasses; ++j) {
      const auto status = static_cast<StatusClass>(j);
      const uint64_t count = web.answered(route, status);
      // What may well never come is shown from its first time on.
      const bool is_usual = route != RouteClass::malformed &&
                            (status == StatusClass::success || status == StatusClass::failure);
      if (count == 0 && !is_usual) continue;
      page.sample("route", name_of(route), "status", name_of(status), count);
    }
  }
  page.begin("request_duration_seconds", "histogram",
             "From a request's header to the first byte of its answer.");
  for (size_t i = 0; i < kRouteClasses; ++i) {
    const auto route = static_cast<RouteClass>(i);
    if (route == RouteClass::malformed) continue;
    page.histogram(fmt::format("route=\"{}\"", name_of(route)), web.of(route).times);
  }
  page.gauge("requests_in_progress", "Requests that are being answered.", web.answering);
  page.gauge("connections", "Open connections.", web.connections);
  page.counter("connections_refused_total", "Connections closed at once: all that there may be were busy.",
               web.refused_connections);
  page.gauge("answer_memory_bytes", "Memory of answers that are made or on their way.", web.answer_bytes);
  page.counter(
      "answers_cut_total",
      "Answers of which not all was sent: the client went away or took nothing while others waited, or "
      "the store failed meanwhile.",
      web.cut_answers);
  page.counter("answered_bytes_total", "Bytes of answers sent, without their headers.", web.body_bytes);
}

void add_sessions(MetricsPage& page, const HistoryFigures& figures) {
  page.gauge("sessions", "Sessions that the store has, by the latest list.", figures.index.sessions);
  page.gauge("session_list_timestamp_seconds",
             "Unix time of that list, which is made anew when somebody asks; 0: none yet.",
             in_seconds(Nanoseconds(figures.listed_at_unix_nanoseconds)));
  const SessionCacheFigures& cache = figures.cache;
  page.gauge("sessions_in_memory", "Sessions that are loaded, or being loaded.", cache.sessions);
  page.gauge("session_memory_bytes", "What they take.", cache.bytes);
  page.gauge("session_memory_limit_bytes", "--session-cache-max-memory; 0: none.", figures.cache_limit_bytes);
  page.counter("session_hits_total", "Questions of a session that was in memory.", cache.hits);
  page.counters("session_loads_total", "Loads of a session, by what came of them.", "outcome",
                {{"ok", cache.loads}, {"failed", cache.failures}});
  page.begin("session_load_duration_seconds", "histogram", "Of those that came to something.");
  page.histogram("", cache.load_times);
  page.counter("session_evictions_total", "Sessions that were dropped from memory.", cache.evictions);
  page.gauge("session_unknown_events",
             "Events, of the sessions in memory, whose type this version does not know.",
             cache.unknown_events);
}

}  // namespace

std::string render_history_metrics(const HistoryFigures& figures) {
  MetricsPage page("ray_historyserver_");
  page.add_build("Which History Server this is.");
  add_requests(page, figures.web);
  add_sessions(page, figures);
  page.add_store(figures.store, kOperations);
  page.add_log(figures.trouble);
  page.add_process(figures.process);
  return std::move(page).text();
}

}  // namespace rayhistory::historyserver
