#include "collector/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "testing/manual_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

using testing::HasSubstr;

class HealthTest : public testing::Test {
 protected:
  Health make(SharedPath folder) {
    return Health({.journal_folder = std::move(folder), .event_loop_turn = [this] { return turned_; }},
                  clock_);
  }

  const TemporaryFolder folder_;
  ManualClock clock_;
  SteadyTime turned_ = clock_.steady_now();
};

TEST_F(HealthTest, IsWellWhileTheThreadsTurnAndTheFolderTakesFiles) {
  const Health health = make(folder_.shared("journals"));
  EXPECT_TRUE(health.alive());
  EXPECT_TRUE(health.ready());
  EXPECT_TRUE(names_in(folder_.path() + "/journals")->empty());
}

TEST_F(HealthTest, AnEventLoopThatStandsStillIsNotAlive) {
  Health health = make(folder_.shared());
  clock_.advance(Health::kEventLoopLimit);
  EXPECT_TRUE(health.alive());
  clock_.advance(Seconds(1));
  const Result<void> alive = health.alive();
  ASSERT_FALSE(alive);
  EXPECT_EQ(alive.error().message, "the event server has stood still for 1m1s");
  EXPECT_FALSE(health.ready());
  turned_ = clock_.steady_now();
  EXPECT_TRUE(health.alive());
}

TEST_F(HealthTest, ATickerThatStandsStillIsNotAlive) {
  Health health({.journal_folder = {}, .event_loop_turn = {}}, clock_);
  clock_.advance(Health::kTickerLimit + Seconds(1));
  const Result<void> alive = health.alive();
  ASSERT_FALSE(alive);
  EXPECT_THAT(alive.error().message, HasSubstr("the ticker"));
  health.tick();
  EXPECT_TRUE(health.alive());
}

TEST_F(HealthTest, ThreadsThatHaveEndedAreNoFault) {
  Health health = make(folder_.shared());
  health.stopping();
  clock_.advance(Seconds(3600));
  EXPECT_TRUE(health.alive());
}

TEST_F(HealthTest, AFolderThatTakesNoFilesIsNotReadyUntilItDoes) {
  const std::string in_the_way = folder_.path() + "/in-the-way";
  ASSERT_TRUE(replace_file(in_the_way, "no folder"));
  Health health = make(folder_.shared("in-the-way/journals"));
  EXPECT_TRUE(health.alive());
  const Result<void> ready = health.ready();
  ASSERT_FALSE(ready);
  EXPECT_THAT(ready.error().message, HasSubstr(in_the_way));

  ASSERT_TRUE(remove_file(in_the_way));
  health.tick();
  EXPECT_FALSE(health.ready()) << "tried again before its time";
  clock_.advance(Health::kProbeInterval);
  turned_ = clock_.steady_now();
  health.tick();
  EXPECT_TRUE(health.ready());
}

TEST_F(HealthTest, AProbeThatACrashHasLeftIsNoFault) {
  ASSERT_TRUE(replace_file(folder_.path() + "/probe.tmp", ""));
  EXPECT_TRUE(make(folder_.shared()).ready());
}

}  // namespace
}  // namespace rayhistory::collector
