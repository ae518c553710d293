#include "ingest/rejection_watch.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::collector {
namespace {

using testing::HasSubstr;

class RejectionWatchTest : public testing::Test {
 protected:
  std::string note(uint64_t stored, uint64_t rejected) {
    testing::internal::CaptureStderr();
    watch_.note({.stored = stored,
                 .rejected = rejected,
                 .example = {.event_type = "TASK_DEFINITION_EVENT", .reason = "timestamp is missing"}},
                SteadyTime(now_));
    return testing::internal::GetCapturedStderr();
  }
  void advance(Nanoseconds time) { now_ += time; }

  RejectionWatch watch_;
  Nanoseconds now_ = Seconds(1000);
};

TEST_F(RejectionWatchTest, WarnsAtOnceWithAnExample) {
  const std::string line = note(0, kFewestEventsToJudge);
  EXPECT_THAT(line, HasSubstr("level=warning"));
  EXPECT_THAT(line, HasSubstr("most events are set aside"));
  EXPECT_THAT(line, HasSubstr("rejected=20 stored=0"));
  EXPECT_THAT(line, HasSubstr("timestamp is missing"));
  EXPECT_THAT(line, HasSubstr("event_type=TASK_DEFINITION_EVENT"));
}

TEST_F(RejectionWatchTest, IsSilentWhereFewEventsOrASmallShareAreSetAside) {
  EXPECT_EQ(note(0, kFewestEventsToJudge - 1), "");
  EXPECT_EQ(note(kFewestEventsToJudge, 0), "");
  EXPECT_THAT(note(0, 1), HasSubstr("rejected=20 stored=20"));
}

TEST_F(RejectionWatchTest, CountsOverBatchesOfAWindowAndNotBeyond) {
  EXPECT_EQ(note(0, 10), "");
  advance(kRejectionWindow - Nanoseconds(1));
  EXPECT_THAT(note(0, 10), HasSubstr("rejected=20"));
  RejectionWatch other;
  watch_ = other;
  EXPECT_EQ(note(0, 10), "");
  advance(kRejectionWindow);
  EXPECT_EQ(note(0, 10), "");
}

TEST_F(RejectionWatchTest, RepeatsItselfAtASlowingPace) {
  int lines = 0;
  for (int second = 0; second < 3600; ++second, advance(Seconds(1)))
    lines += note(0, 40).empty() ? 0 : 1;
  // At once, after 10 s, 30 s and 1 min, and every 5 min.
  EXPECT_EQ(lines, 4 + 3600 / 300 - 1);
}

TEST_F(RejectionWatchTest, WarnsAtOnceAgainAfterAWindowThatWasWell) {
  EXPECT_NE(note(0, 40), "");
  advance(kRejectionWindow);
  EXPECT_EQ(note(40, 0), "");
  advance(kRejectionWindow);
  EXPECT_NE(note(0, 40), "");
  advance(10 * kRejectionWindow);
  EXPECT_NE(note(0, 40), "");
}

}  // namespace
}  // namespace rayhistory::collector
