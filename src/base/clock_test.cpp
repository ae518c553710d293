#include "base/clock.h"

#include <thread>

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(SystemClock, SleepsTheWholeTimeWhenNobodyStopsIt) {
  const SteadyTime before = system_clock().steady_now();
  EXPECT_TRUE(system_clock().sleep_for(Milliseconds(1), std::stop_token()));
  EXPECT_GE(system_clock().steady_now() - before, Milliseconds(1));
}

TEST(SystemClock, WakesTheSleeperWhenAStopIsRequested) {
  bool slept_to_the_end = true;
  std::jthread sleeper([&](const std::stop_token& stop) {
    slept_to_the_end = system_clock().sleep_for(std::chrono::hours(24), stop);
  });
  sleeper.request_stop();
  sleeper.join();
  EXPECT_FALSE(slept_to_the_end);
}

TEST(SystemClock, DoesNotSleepAfterAStop) {
  std::stop_source source;
  source.request_stop();
  EXPECT_FALSE(system_clock().sleep_for(std::chrono::hours(24), source.get_token()));
}

TEST(Deadline, ExpiresAtItsTime) {
  const SteadyTime start{Seconds(100)};
  const Deadline deadline = Deadline::at(start + Seconds(5));
  EXPECT_FALSE(deadline.expired(start));
  EXPECT_TRUE(deadline.expired(start + Seconds(5)));
  EXPECT_EQ(deadline.remaining(start, Seconds(60)), Seconds(5));
  EXPECT_EQ(deadline.remaining(start, Seconds(2)), Seconds(2));
  EXPECT_EQ(deadline.remaining(start + Seconds(9), Seconds(60)), Nanoseconds::zero());
}

TEST(Deadline, ExpiresWhenAStopIsRequested) {
  std::stop_source source;
  const Deadline deadline = Deadline::never(source.get_token());
  const SteadyTime far_away{std::chrono::hours(24 * 365)};
  EXPECT_FALSE(deadline.expired(far_away));
  EXPECT_EQ(deadline.remaining(far_away, Seconds(60)), Seconds(60));
  source.request_stop();
  EXPECT_TRUE(deadline.expired(far_away));
  EXPECT_EQ(deadline.remaining(far_away, Seconds(60)), Nanoseconds::zero());
}

}  // namespace
}  // namespace rayhistory
