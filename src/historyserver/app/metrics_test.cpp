#include "historyserver/app/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(HistoryMetrics, CountRequestsByRouteAndStatus) {
  HistoryFigures figures;
  auto& tasks = figures.web.routes[static_cast<size_t>(RouteClass::tasks)];
  tasks.answers[static_cast<size_t>(StatusClass::success)] = 3;
  tasks.answers[static_cast<size_t>(StatusClass::refusal)] = 1;
  DurationHistogram times;
  times.add(Milliseconds(2));
  tasks.times = times.counts();
  EXPECT_THAT(render_history_metrics(figures),
              AllOf(HasSubstr("\nray_historyserver_requests_total{route=\"tasks\",status=\"2xx\"} 3\n"),
                    HasSubstr("\nray_historyserver_requests_total{route=\"tasks\",status=\"4xx\"} 1\n"),
                    HasSubstr("\nray_historyserver_requests_total{route=\"tasks\",status=\"5xx\"} 0\n"),
                    Not(HasSubstr("status=\"3xx\"")), Not(HasSubstr("malformed")),
                    HasSubstr("\nray_historyserver_request_duration_seconds_count{route=\"tasks\"} 1\n"),
                    HasSubstr("\nray_historyserver_request_duration_seconds_count{route=\"logs\"} 0\n")));
}

TEST(HistoryMetrics, TellOfSessionsAndTheirLoads) {
  HistoryFigures figures;
  figures.index.sessions = 70;
  figures.listed_at_unix_nanoseconds = 1'795'400'840'500'000'000;
  figures.cache.sessions = 7;
  figures.cache.loads = 9;
  figures.cache.failures = 2;
  figures.cache.evictions = 1;
  figures.cache.unknown_events = 5;
  EXPECT_THAT(render_history_metrics(figures),
              AllOf(HasSubstr("\nray_historyserver_sessions 70\n"),
                    HasSubstr("\nray_historyserver_session_list_timestamp_seconds 1795400840.5\n"),
                    HasSubstr("\nray_historyserver_sessions_in_memory 7\n"),
                    HasSubstr("\nray_historyserver_session_loads_total{outcome=\"ok\"} 9\n"),
                    HasSubstr("\nray_historyserver_session_loads_total{outcome=\"failed\"} 2\n"),
                    HasSubstr("\nray_historyserver_session_evictions_total 1\n"),
                    HasSubstr("\nray_historyserver_session_unknown_events 5\n")));
}

TEST(HistoryMetrics, TellOnlyOfWhatIsAskedOfAStore) {
  EXPECT_THAT(render_history_metrics({}),
              AllOf(HasSubstr("op=\"list\""), HasSubstr("op=\"get\""), Not(HasSubstr("op=\"put\"")),
                    Not(HasSubstr("op=\"remove\""))));
}

}  // namespace
}  // namespace rayhistory::historyserver
