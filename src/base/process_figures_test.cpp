#include "base/process_figures.h"

#include <ctime>
#include <thread>

#include <gtest/gtest.h>

#include "base/file.h"

namespace rayhistory {
namespace {

TEST(ProcessFigures, AreThoseOfThisProcess) {
  const ProcessFigures figures = process_figures();
  EXPECT_GT(figures.cpu_seconds, 0);
  EXPECT_GT(figures.resident_bytes, 1'000'000u);
  EXPECT_GT(figures.virtual_bytes, figures.resident_bytes);
  EXPECT_GT(figures.descriptors_limit, figures.open_descriptors);
  EXPECT_GE(figures.threads, 1u);
  const auto now = static_cast<double>(std::time(nullptr));
  EXPECT_LT(figures.start_unix_seconds, now + 2);
  EXPECT_GT(figures.start_unix_seconds, now - 3600);
}

TEST(ProcessFigures, CountsOpenDescriptors) {
  const uint64_t before = process_figures().open_descriptors;
  const auto file = File::open_for_reading("/proc/self/stat");
  ASSERT_TRUE(file);
  EXPECT_EQ(process_figures().open_descriptors, before + 1);
}

}  // namespace
}  // namespace rayhistory
