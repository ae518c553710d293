#include "historyserver/live/recent_values.h"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "testing/manual_clock.h"

namespace rayhistory::historyserver {
namespace {

class RecentValuesTest : public testing::Test {
 protected:
  int count(const std::string& key = "k") {
    return values_.get(key, [this](const std::optional<int>&) { return ++asked_; });
  }

  ManualClock clock_;
  RecentValues<int> values_{{.keys = 3, .freshness = Seconds(10), .usable = Seconds(30)}, clock_};
  std::atomic<int> asked_{0};
};

TEST_F(RecentValuesTest, AreAskedForWhenTheyAreOld) {
  EXPECT_EQ(count(), 1);
  clock_.advance(Seconds(10));
  EXPECT_EQ(count(), 1);
  clock_.advance(Seconds(1));
  EXPECT_EQ(count(), 2);
  EXPECT_EQ(count("other"), 3);
}

TEST_F(RecentValuesTest, TellTheFormerOneToWhoeverAsks) {
  count();
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(values_.get("k", [](const std::optional<int>& former) { return *former + 10; }), 11);
}

TEST_F(RecentValuesTest, AreAskedForOnceByAllWhoWait) {
  std::promise<void> begun;
  std::promise<void> go;
  std::thread first([&] {
    values_.get("k", [&](const std::optional<int>&) {
      begun.set_value();
      go.get_future().wait();
      return ++asked_;
    });
  });
  begun.get_future().wait();
  std::vector<std::thread> others;
  others.reserve(8);
  for (int i = 0; i < 8; ++i)
    others.emplace_back([this] { EXPECT_EQ(count(), 1); });
  go.set_value();
  first.join();
  for (std::thread& other : others)
    other.join();
  EXPECT_EQ(asked_, 1);
}

TEST_F(RecentValuesTest, AreGivenOutWhileOneAsksAnew) {
  count();
  clock_.advance(Seconds(20));
  values_.get("k", [this](const std::optional<int>&) {
    EXPECT_EQ(count(), 1);  // of another who comes meanwhile
    return 7;
  });
  EXPECT_EQ(count(), 7);
}

TEST_F(RecentValuesTest, AreNotMoreThanTheyMay) {
  for (const char* key : {"a", "b", "c", "d"})
    count(key);
  EXPECT_EQ(count("d"), 4);
  EXPECT_EQ(count("a"), 5);  // had to go
}

TEST_F(RecentValuesTest, HoldNobodyUpAfterAnException) {
  const auto fail = [](const std::optional<int>&) -> int { throw std::runtime_error("no memory"); };
  EXPECT_THROW(values_.get("k", fail), std::runtime_error);
  EXPECT_EQ(count(), 1);
}

}  // namespace
}  // namespace rayhistory::historyserver
