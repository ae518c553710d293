#include "base/slowing_pace.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(SlowingPace, TellsAfterTenAndThirtySecondsAMinuteAndEveryFiveMinutes) {
  SlowingPace pace;
  const SteadyTime begin{Seconds(7)};
  std::vector<int> told;
  for (int second = 0; second <= 1000; ++second)
    if (pace.due(begin + Seconds(second))) told.push_back(second);
  EXPECT_THAT(told, testing::ElementsAre(10, 30, 60, 300, 600, 900));
}

TEST(SlowingPace, TellsOnceAfterALongGap) {
  SlowingPace pace;
  const SteadyTime begin{};
  EXPECT_FALSE(pace.due(begin));
  EXPECT_TRUE(pace.due(begin + Seconds(100)));
  EXPECT_FALSE(pace.due(begin + Seconds(101)));
}

TEST(SlowingPace, BeginsAnewAfterReset) {
  SlowingPace pace;
  EXPECT_FALSE(pace.due(SteadyTime{}));
  pace.reset();
  EXPECT_FALSE(pace.due(SteadyTime{} + Seconds(20)));
  EXPECT_TRUE(pace.due(SteadyTime{} + Seconds(30)));
}

}  // namespace
}  // namespace rayhistory
