#include "base/backoff.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(Backoff, DoublesItsBoundUpToTheLongest) {
  const std::vector<Nanoseconds> bounds = {Seconds(1), Seconds(2), Seconds(4), Seconds(5), Seconds(5)};
  for (int round = 0; round < 200; ++round) {
    Backoff backoff(Seconds(1), Seconds(5));
    for (const Nanoseconds bound : bounds) {
      const Nanoseconds wait = backoff.next();
      EXPECT_LE(wait, bound);
      EXPECT_GE(wait, bound / 10);
    }
  }
}

TEST(Backoff, SpreadsItsWaits) {
  std::set<Nanoseconds> waits;
  for (int round = 0; round < 50; ++round)
    waits.insert(Backoff(Seconds(1), Seconds(5)).next());
  EXPECT_GT(waits.size(), 1u);
}

TEST(Backoff, BeginsAnewAfterReset) {
  Backoff backoff(Seconds(1), Seconds(1000));
  for (int i = 0; i < 8; ++i)
    backoff.next();
  EXPECT_EQ(backoff.tries(), 8);
  backoff.reset();
  EXPECT_EQ(backoff.tries(), 0);
  EXPECT_LE(backoff.next(), Seconds(1));
}

TEST(Backoff, StaysAtTheLongestForAsLongAsItIsAsked) {
  Backoff backoff(Seconds(1), std::chrono::hours(1));
  for (int i = 0; i < 10'000; ++i)
    EXPECT_LE(backoff.next(), std::chrono::hours(1));
}

}  // namespace
}  // namespace rayhistory
