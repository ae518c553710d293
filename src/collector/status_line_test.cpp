#include "collector/status_line.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/rejection_watch.h"
#include "testing/manual_clock.h"

namespace rayhistory::collector {
namespace {

using testing::HasSubstr;

std::string written(StatusLine& line, const Figures& now) {
  testing::internal::CaptureStderr();
  line.write(now);
  return testing::internal::GetCapturedStderr();
}

Figures all_is_well() {
  Figures figures;
  figures.node_is_known = true;
  figures.events.emplace();
  figures.logs.emplace();
  return figures;
}

TEST(StatusLine, CountsSinceTheLineBefore) {
  StatusLine line;
  Figures figures = all_is_well();
  figures.events->journal.stored = 100;
  figures.shipped.logs.bytes_sent = 1000;
  figures.logs->files = 5;
  EXPECT_THAT(written(line, figures), HasSubstr("msg=status trouble=none events=100 rejected=0 duplicate=0 "
                                                "refused_batches=0 log_files=5 sent_bytes=1000 "
                                                "pending_files=0 pending_bytes=0 lag=0s "
                                                "warnings=0 errors=0 last=none\n"));
  figures.events->journal.stored = 130;
  figures.events->journal.rejected = 2;
  figures.events->journal.duplicate = 3;
  figures.events->journal.batches_refused_malformed = 1;
  figures.events->server.stalled = 1;
  figures.shipped.events.bytes_sent = 50;
  figures.backlog.logs = {.files = 1, .bytes = 20, .oldest = Milliseconds(61'500)};
  figures.backlog.events = {.files = 2, .bytes = 300, .oldest = Seconds(2)};
  EXPECT_THAT(written(line, figures), HasSubstr("events=30 rejected=2 duplicate=3 refused_batches=2 "
                                                "log_files=5 sent_bytes=50 "
                                                "pending_files=3 pending_bytes=320 lag=1m1s "));
}

TEST(StatusLine, RepeatsTheLastTroubleOfTheMinuteOnly) {
  StatusLine line;
  Figures figures = all_is_well();
  figures.trouble = {.warnings = 2, .errors = 1, .last = "store unreachable: timeout"};
  EXPECT_THAT(written(line, figures), HasSubstr("warnings=2 errors=1 last=\"store unreachable: timeout\"\n"));
  EXPECT_THAT(written(line, figures), HasSubstr("warnings=0 errors=0 last=none\n"));
}

TEST(StatusLine, SaysWhatIsWrongNow) {
  const Figures well = all_is_well();
  EXPECT_EQ(trouble_of(well, well), "none");

  Figures figures = well;
  figures.store.failing_since = SteadyTime{};
  EXPECT_EQ(trouble_of(well, figures), "store_unreachable");
  figures.events->is_full = true;
  EXPECT_EQ(trouble_of(well, figures), "store_unreachable,disk_full");

  figures = well;
  figures.stall.emplace();
  EXPECT_EQ(trouble_of(well, figures), "backlog_stalled");

  figures = well;
  figures.node_is_known = false;
  EXPECT_EQ(trouble_of(well, figures), "node_unknown");

  figures = well;
  figures.logs->unreadable = 1;
  EXPECT_EQ(trouble_of(well, figures), "logs_unreadable");

  figures = well;
  figures.shipped.logs.bytes_abandoned = 1;
  EXPECT_EQ(trouble_of(well, figures), "bytes_lost");
  EXPECT_EQ(trouble_of(figures, figures), "none");
}

TEST(StatusLine, NamesMostEventsBeingSetAside) {
  const Figures well = all_is_well();
  Figures figures = well;
  figures.events->journal.rejected = kFewestEventsToJudge - 1;
  EXPECT_EQ(trouble_of(well, figures), "none");
  figures.events->journal.stored = kFewestEventsToJudge - 1;
  EXPECT_EQ(trouble_of(well, figures), "events_rejected");
  EXPECT_EQ(trouble_of(figures, figures), "none");
  figures.events->journal.stored = kFewestEventsToJudge;
  EXPECT_EQ(trouble_of(well, figures), "none");
}

TEST(StatusLine, IsWrittenWhereNothingButLogsIsCollected) {
  StatusLine line;
  Figures figures;
  figures.node_is_known = true;
  EXPECT_THAT(written(line, figures), HasSubstr("trouble=none events=0"));
}

TEST(StatusTicker, AsksForFiguresOnceAMinute) {
  ManualClock clock;
  std::atomic<int> asked = 0;
  testing::internal::CaptureStderr();
  {
    const StatusTicker ticker(clock, [&asked] {
      ++asked;
      return all_is_well();
    });
    // The ticker may begin its minute after the clock has moved, so it is moved until a minute is over.
    while (asked == 0)
      clock.advance(Seconds(20));
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("msg=status trouble=none"));
}

}  // namespace
}  // namespace rayhistory::collector
