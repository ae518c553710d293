#include "collector/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::collector {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Metrics, SaysOfEachWhatItIs) {
  Figures figures;
  figures.node_is_known = true;
  EXPECT_THAT(render_metrics(figures),
              HasSubstr("# HELP ray_collector_node_known 1: the session and the node's ID are known.\n"
                        "# TYPE ray_collector_node_known gauge\n"
                        "ray_collector_node_known 1\n"));
}

TEST(Metrics, SaysNothingOfWhatIsNotCollected) {
  EXPECT_THAT(
      render_metrics({}),
      AllOf(Not(HasSubstr("ray_collector_events_")), Not(HasSubstr("ray_collector_log_files")),
            Not(HasSubstr("ray_collector_endpoint_")), HasSubstr("ray_collector_store_reachable 1\n")));
}

TEST(Metrics, AddsUpReceivedEventsAndTakenBatches) {
  Figures figures;
  EventFigures& events = figures.events.emplace();
  events.journal.batches = 10;
  events.journal.stored = 100;
  events.journal.rejected = 20;
  events.journal.duplicate = 3;
  events.journal.batches_refused_malformed = 1;
  events.journal.batches_refused_disk_pressure = 2;
  events.journal.batches_refused_write_failure = 3;
  events.server.malformed = 10;
  events.server.busy = 5;
  EXPECT_THAT(render_metrics(figures),
              AllOf(HasSubstr("\nray_collector_events_received_total 123\n"),
                    HasSubstr("\nray_collector_batches_taken_total 4\n"),
                    HasSubstr("\nray_collector_batches_refused_total{reason=\"malformed\"} 11\n"),
                    HasSubstr("\nray_collector_batches_refused_total{reason=\"busy\"} 5\n"),
                    HasSubstr("\nray_collector_batches_refused_total{reason=\"disk_full\"} 2\n"),
                    HasSubstr("\nray_collector_batches_refused_total{reason=\"write_failed\"} 3\n")));
}

TEST(Metrics, CountsWhatTheJournalKeepsBackAsUnsent) {
  Figures figures;
  figures.backlog.events = {.files = 1, .bytes = 10, .oldest = Seconds(5)};
  figures.events.emplace().unnamed = {.waiting_files = 1,
                                      .waiting_bytes = 100,
                                      .uncompressed_files = 1,
                                      .uncompressed_bytes = 1000,
                                      .oldest = Seconds(90)};
  EXPECT_THAT(render_metrics(figures),
              AllOf(HasSubstr("\nray_collector_journal_unsent_bytes 1110\n"),
                    HasSubstr("\nray_collector_journal_oldest_unsent_seconds 90\n")));
}

TEST(Metrics, BucketsOfAHistogramContainThoseBelow) {
  Figures figures;
  DurationHistogram times;
  times.add(Milliseconds(2));
  times.add(Milliseconds(2));
  times.add(Seconds(2));
  times.add(Seconds(100));
  figures.events.emplace().server.answer_times = times.counts();
  EXPECT_THAT(render_metrics(figures),
              HasSubstr("\nray_collector_ack_duration_seconds_bucket{le=\"0.001\"} 0\n"
                        "ray_collector_ack_duration_seconds_bucket{le=\"0.005\"} 2\n"
                        "ray_collector_ack_duration_seconds_bucket{le=\"0.025\"} 2\n"
                        "ray_collector_ack_duration_seconds_bucket{le=\"0.1\"} 2\n"
                        "ray_collector_ack_duration_seconds_bucket{le=\"0.5\"} 2\n"
                        "ray_collector_ack_duration_seconds_bucket{le=\"3\"} 3\n"
                        "ray_collector_ack_duration_seconds_bucket{le=\"15\"} 3\n"
                        "ray_collector_ack_duration_seconds_bucket{le=\"60\"} 3\n"
                        "ray_collector_ack_duration_seconds_bucket{le=\"+Inf\"} 4\n"
                        "ray_collector_ack_duration_seconds_sum 102.004\n"
                        "ray_collector_ack_duration_seconds_count 4\n"));
}

TEST(Metrics, TellsTheStoresCallsApart) {
  Figures figures;
  StoreTotals::Operation& put = figures.store.operations[static_cast<size_t>(StoreOperation::put)];
  put.outcomes[outcome_index({})] = 7;
  put.outcomes[outcome_index(ErrorKind::retry)] = 2;
  StoreTotals::Operation& list = figures.store.operations[static_cast<size_t>(StoreOperation::list)];
  list.outcomes[outcome_index(ErrorKind::retry)] = 1;
  figures.store.failing_since = SteadyTime{};
  figures.store.last_success_unix_nanoseconds = 1'795'400'840'500'000'000;
  EXPECT_THAT(render_metrics(figures),
              AllOf(HasSubstr("\nray_collector_store_requests_total{op=\"put\",outcome=\"ok\"} 7\n"),
                    HasSubstr("\nray_collector_store_requests_total{op=\"put\",outcome=\"retry\"} 2\n"),
                    HasSubstr("\nray_collector_store_requests_total{op=\"list\",outcome=\"ok\"} 0\n"),
                    Not(HasSubstr("outcome=\"denied\"")),
                    HasSubstr("\nray_collector_store_retries_total{reason=\"retry\"} 3\n"),
                    HasSubstr("\nray_collector_store_request_duration_seconds_count{op=\"put\"} 0\n"),
                    HasSubstr("\nray_collector_store_reachable 0\n"),
                    HasSubstr("\nray_collector_store_last_success_timestamp_seconds 1795400840.5\n")));
}

}  // namespace
}  // namespace rayhistory::collector
