#include "historyserver/cache/reloaded_value.h"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/manual_clock.h"

namespace rayhistory::historyserver {
namespace {

using Number = ReloadedValue<int>;

class ReloadedValueTest : public testing::Test {
 protected:
  std::shared_ptr<Number> number(Number::Load load) {
    return std::make_shared<Number>("a number", "", std::move(load), limits_, threads_, clock_);
  }
  static int get(Number& value, Nanoseconds freshness = Seconds(10)) {
    const auto loaded = value.get(freshness);
    EXPECT_TRUE(loaded);
    return loaded ? **loaded : 0;
  }
  static Number::Value of(int value) { return std::make_shared<const int>(value); }

  ManualClock clock_;
  ReloadLimits limits_{.freshness = Seconds(10),
                       .load_time = Seconds(20),
                       .patience = Seconds(20),
                       .pause_after_failure = Seconds(5),
                       .waiters = 32};
  std::atomic<int> loads_{0};
  LoadThreads threads_{2};
};

TEST_F(ReloadedValueTest, IsLoadedOnceForAllWhoAsk) {
  std::promise<void> go;
  const auto value = number([&, wait = go.get_future().share()](auto&, auto&) -> Result<Number::Value> {
    wait.wait();
    return of(++loads_);
  });
  std::vector<std::future<int>> readers;
  readers.reserve(20);
  for (int i = 0; i < 20; ++i)
    readers.push_back(std::async(std::launch::async, [&] { return *value->get().value(); }));
  go.set_value();
  for (auto& reader : readers)
    EXPECT_EQ(reader.get(), 1);
  EXPECT_EQ(loads_, 1);
}

TEST_F(ReloadedValueTest, IsLoadedAnewOnlyWhenItIsOld) {
  const auto value = number([&](auto&, auto&) -> Result<Number::Value> { return of(++loads_); });
  EXPECT_EQ(get(*value), 1);
  clock_.advance(Seconds(10));
  EXPECT_EQ(get(*value), 1);
  clock_.advance(Seconds(1));
  EXPECT_EQ(get(*value), 2);
  clock_.advance(Seconds(1));
  EXPECT_EQ(get(*value, Seconds(0)), 3);
}

TEST_F(ReloadedValueTest, KeepsNoFailure) {
  const auto value = number([&](auto&, auto&) -> Result<Number::Value> {
    if (++loads_ == 1) return Error{ErrorKind::denied, "403"};
    return of(loads_);
  });
  const auto failed = value->get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "403");
  EXPECT_EQ(get(*value), 2);
}

// So that one that takes minutes and comes to nothing leaves the threads to others.
TEST_F(ReloadedValueTest, IsTriedAgainAfterAPauseAsLongAsTheLoadThatFailed) {
  const auto value = number([&](auto&, auto&) -> Result<Number::Value> {
    ++loads_;
    clock_.advance(Seconds(10));
    return Error{ErrorKind::cancelled, "too long"};
  });
  EXPECT_EQ(value->get().error().message, "too long");
  clock_.advance(Seconds(9));
  EXPECT_EQ(value->get().error().message, "too long");
  EXPECT_EQ(loads_, 1);
  clock_.advance(Seconds(1));
  EXPECT_FALSE(value->get());
  EXPECT_EQ(loads_, 2);
  clock_.advance(Seconds(19));
  EXPECT_FALSE(value->get());
  EXPECT_EQ(loads_, 2);
  clock_.advance(Seconds(1));
  EXPECT_FALSE(value->get());
  EXPECT_EQ(loads_, 3);
}

TEST_F(ReloadedValueTest, SendsAwayTheOneWhoIsTooMany) {
  std::promise<void> go;
  limits_.waiters = 1;
  const auto value = number([&, wait = go.get_future().share()](auto&, auto&) -> Result<Number::Value> {
    wait.wait();
    return of(++loads_);
  });
  std::future<int> first = std::async(std::launch::async, [&] { return *value->get().value(); });
  while (!value->is_loading())
    std::this_thread::yield();
  const auto second = value->get();
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, testing::HasSubstr("many wait for it already"));
  go.set_value();
  EXPECT_EQ(first.get(), 1);
}

TEST(LoadThreads, GiveEachGroupItsTurn) {
  LoadThreads threads(2);
  std::promise<void> go;
  const std::shared_future<void> wait = go.get_future().share();
  std::atomic<int> of_many{0};
  for (int i = 0; i < 20; ++i) {
    threads.run("many", [&](auto&) {
      wait.wait();
      ++of_many;
    });
  }
  std::promise<int> done;
  threads.run("one", [&](auto&) { done.set_value(of_many); });
  // One thread is left for it, however much the other group has waiting.
  EXPECT_EQ(done.get_future().get(), 0);
  go.set_value();
  while (of_many < 20)
    std::this_thread::yield();
}

TEST_F(ReloadedValueTest, IsTheEarlierOneWhileTheStoreIsAway) {
  std::atomic<bool> is_away{false};
  const auto value = number([&](auto&, auto&) -> Result<Number::Value> {
    ++loads_;
    if (is_away) return Error{ErrorKind::retry, "503"};
    return of(loads_);
  });
  EXPECT_EQ(get(*value), 1);
  is_away = true;
  clock_.advance(Seconds(11));
  EXPECT_EQ(get(*value), 1);
  EXPECT_EQ(get(*value), 1);
  EXPECT_EQ(loads_, 2);  // it is not asked by everyone
  is_away = false;
  clock_.advance(Seconds(6));
  EXPECT_EQ(get(*value), 3);
}

TEST_F(ReloadedValueTest, IsNotWaitedForLongWhereThereIsAnEarlierOne) {
  std::promise<void> go;
  limits_.patience = Milliseconds(1);
  const auto value =
      number([&, wait = go.get_future().share()](auto& before, auto&) -> Result<Number::Value> {
        if (before) wait.wait();
        return of(++loads_);
      });
  EXPECT_EQ(get(*value), 1);
  clock_.advance(Seconds(11));
  EXPECT_EQ(get(*value), 1);
  EXPECT_TRUE(value->is_loading());
  go.set_value();
  while (value->is_loading())
    std::this_thread::yield();
  EXPECT_EQ(get(*value), 2);
}

}  // namespace
}  // namespace rayhistory::historyserver
