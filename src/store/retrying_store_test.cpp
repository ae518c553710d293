#include "store/retrying_store.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/manual_clock.h"
#include "testing/memory_store.h"
#include "testing/skipping_clock.h"

namespace rayhistory {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

class RetryingStoreTest : public testing::Test {
 protected:
  Result<StoredObject> put(const Deadline& deadline = Deadline::never()) {
    return store_.put("key", MemoryBody("content"), kTextContent, deadline);
  }
  // How often `text` stands in what was logged since the last call.
  std::string logged() {
    std::string lines = testing::internal::GetCapturedStderr();
    testing::internal::CaptureStderr();
    return lines;
  }
  void SetUp() override { testing::internal::CaptureStderr(); }
  void TearDown() override { testing::internal::GetCapturedStderr(); }

  SkippingClock clock_;
  MemoryStore& inner_ = *new MemoryStore();
  RetryingStore store_{std::unique_ptr<Store>(&inner_), clock_};
};

TEST_F(RetryingStoreTest, WaitsOutWhatPasses) {
  for (const ErrorKind kind : {ErrorKind::retry, ErrorKind::unknown_outcome, ErrorKind::no_space}) {
    inner_.fail_next(50, Error{kind, "down"});
    EXPECT_TRUE(put()) << name_of(kind);
  }
  EXPECT_EQ(inner_.calls(StoreCall::put), 3u * 51);
  EXPECT_EQ(inner_.calls(StoreCall::ensure_bucket), 0u);
}

TEST_F(RetryingStoreTest, WaitsOutARefusalAndEnsuresTheBucketAnew) {
  inner_.fail_next(50, Error{ErrorKind::denied, "NoSuchBucket"});
  EXPECT_TRUE(put());
  EXPECT_EQ(inner_.calls(StoreCall::ensure_bucket), 25u);
  EXPECT_EQ(inner_.calls(StoreCall::put), 26u);
}

TEST_F(RetryingStoreTest, PassesOnWhatTheCallerMustDecide) {
  for (const ErrorKind kind : {ErrorKind::not_found, ErrorKind::exists, ErrorKind::invalid,
                               ErrorKind::unsupported, ErrorKind::cancelled}) {
    inner_.fail_next(1, Error{kind, "so it is"});
    const auto outcome = put();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, kind);
  }
  EXPECT_THAT(clock_.sleeps(), IsEmpty());
  EXPECT_THAT(logged(), IsEmpty());
}

TEST_F(RetryingStoreTest, EveryCallIsRepeated) {
  const Deadline never = Deadline::never();
  const auto fail = [this] { inner_.fail_next(2, Error{ErrorKind::retry, "down"}); };
  fail();
  EXPECT_TRUE(store_.ensure_bucket(never));
  fail();
  const auto stored = put();
  ASSERT_TRUE(stored);
  fail();
  const auto extended = store_.extend("key", *stored, MemoryBody("content and more"), kTextContent, never);
  ASSERT_TRUE(extended);
  fail();
  EXPECT_TRUE(store_.copy("key", *extended, "copy", never));
  fail();
  EXPECT_TRUE(store_.stat("key", never));
  fail();
  EXPECT_TRUE(store_.list("", "", never));
  fail();
  EXPECT_EQ(*store_.get("key", 0, 100, never), "content and more");
  fail();
  EXPECT_TRUE(store_.remove("key", never));
  fail();
  EXPECT_TRUE(store_.abort_unfinished_uploads("", never));
  EXPECT_THAT(clock_.sleeps(), SizeIs(9 * 2));
}

TEST_F(RetryingStoreTest, GivesUpAtTheDeadlineAndTellsTheLastError) {
  inner_.fail_always(Error{ErrorKind::retry, "503 SlowDown"});
  const auto outcome = put(Deadline::after(clock_, Seconds(30)));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::cancelled);
  EXPECT_THAT(outcome.error().message, HasSubstr("503 SlowDown"));
  EXPECT_GT(inner_.calls(StoreCall::put), 3u);
}

TEST_F(RetryingStoreTest, StopsWhenItIsAskedTo) {
  std::stop_source stop;
  inner_.fail_always(Error{ErrorKind::retry, "down"});
  inner_.before_each_call([&](StoreCall call, const std::string&) {
    if (inner_.calls(call) == 3) stop.request_stop();
  });
  const auto outcome = put(Deadline::never(stop.get_token()));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(inner_.calls(StoreCall::put), 3u);
}

TEST_F(RetryingStoreTest, WaitsLongerAndLongerUpToALimit) {
  inner_.fail_next(40, Error{ErrorKind::retry, "down"});
  EXPECT_TRUE(put());
  const std::vector<Nanoseconds> sleeps = clock_.sleeps();
  ASSERT_THAT(sleeps, SizeIs(40));
  EXPECT_THAT(sleeps, Each(Le(Nanoseconds(Seconds(20)))));
  EXPECT_LE(sleeps[0], Milliseconds(200));
  Nanoseconds late{0};
  for (size_t i = 20; i < 40; ++i)
    late += sleeps[i];
  // Twenty waits of up to 20 s, at random: 200 s on the average. All of them being short is one in many
  // billions.
  EXPECT_GT(late, Seconds(60));
}

TEST_F(RetryingStoreTest, WaitsAsLongAsTheStoreAsksWithinReason) {
  inner_.fail_next(1, Error{ErrorKind::retry, "503", Seconds(15)});
  EXPECT_TRUE(put());
  inner_.fail_next(1, Error{ErrorKind::retry, "503", Seconds(60)});
  EXPECT_TRUE(put());
  EXPECT_THAT(clock_.sleeps(), ElementsAre(Seconds(15), Seconds(20)));
}

TEST_F(RetryingStoreTest, InAHurryWaitsNoLongerThanThatAllows) {
  std::stop_source hurry;
  MemoryStore& inner = *new MemoryStore();
  RetryingStore store(std::unique_ptr<Store>(&inner), clock_, hurry.get_token());
  hurry.request_stop();
  inner.fail_next(20, Error{ErrorKind::retry, "503", Seconds(60)});
  EXPECT_TRUE(store.put("key", MemoryBody("content"), kTextContent, Deadline::never()));
  EXPECT_THAT(clock_.sleeps(), SizeIs(20));
  EXPECT_THAT(clock_.sleeps(), Each(Nanoseconds(Seconds(2))));
  const std::string lines = logged();
  EXPECT_THAT(lines, HasSubstr("store still unreachable"));
}

TEST_F(RetryingStoreTest, AHurryEndsTheWaitThatIsUnderWay) {
  const ManualClock clock;
  std::stop_source hurry;
  MemoryStore& inner = *new MemoryStore();
  RetryingStore store(std::unique_ptr<Store>(&inner), clock, hurry.get_token());
  inner.fail_next(1, Error{ErrorKind::retry, "503", Seconds(60)});
  const std::jthread begin_drain([&] {
    clock.wait_for_sleeper();
    hurry.request_stop();
  });
  EXPECT_TRUE(store.put("key", MemoryBody("content"), kTextContent, Deadline::never()));
}

TEST_F(RetryingStoreTest, TellsAnOutageOnceAndItsEnd) {
  inner_.fail_next(4, Error{ErrorKind::retry, "503 SlowDown"});
  EXPECT_TRUE(put());
  const std::string lines = logged();
  EXPECT_THAT(lines, HasSubstr("level=warning msg=\"store unreachable"));
  EXPECT_THAT(lines, HasSubstr("503 SlowDown"));
  EXPECT_THAT(lines, HasSubstr("store reachable again"));
  EXPECT_THAT(lines, HasSubstr("failed_calls=4"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
}

TEST_F(RetryingStoreTest, RemindsOnceAMinuteOfALongOutage) {
  inner_.fail_always(Error{ErrorKind::retry, "down"});
  EXPECT_FALSE(put(Deadline::after(clock_, std::chrono::minutes(10))));
  const std::string lines = logged();
  const auto count = std::count(lines.begin(), lines.end(), '\n');
  EXPECT_THAT(lines, HasSubstr("store still unreachable"));
  EXPECT_GE(count, 7) << lines;   // tries are up to 20 s apart, so a reminder comes within 80 s
  EXPECT_LE(count, 11) << lines;  // and no more than one a minute
}

TEST_F(RetryingStoreTest, DoesNotFloodTheLogWhenEverySecondCallFails) {
  for (int i = 0; i < 50; ++i) {
    inner_.fail_next(1, Error{ErrorKind::retry, "flaky", Milliseconds(100)});
    EXPECT_TRUE(put());
  }
  const std::string lines = logged();
  EXPECT_LE(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
}

}  // namespace
}  // namespace rayhistory
