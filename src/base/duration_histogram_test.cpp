#include "base/duration_histogram.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(DurationHistogram, CountsADurationUpToItsBound) {
  DurationHistogram histogram;
  histogram.add(Nanoseconds(0));
  histogram.add(Milliseconds(1));
  histogram.add(Milliseconds(1) + Nanoseconds(1));
  histogram.add(Seconds(3));
  histogram.add(Seconds(60));
  histogram.add(Seconds(61));
  const DurationHistogram::Counts counts = histogram.counts();
  EXPECT_EQ(counts.in_class, (std::array<uint64_t, 9>{2, 1, 0, 0, 0, 1, 0, 1, 1}));
  EXPECT_EQ(counts.count(), 6u);
  EXPECT_EQ(counts.sum, Seconds(124) + Milliseconds(2) + Nanoseconds(1));
}

}  // namespace
}  // namespace rayhistory
