#include "store/metered_store.h"

#include <gtest/gtest.h>

#include "store/retrying_store.h"
#include "testing/manual_clock.h"
#include "testing/memory_store.h"
#include "testing/skipping_clock.h"

namespace rayhistory {
namespace {

class MeteredStoreTest : public testing::Test {
 protected:
  Result<StoredObject> put() { return store_.put("key", MemoryBody("content"), kTextContent, never_); }
  StoreTotals totals() const { return meter_->totals(); }
  uint64_t count(StoreOperation operation, std::optional<ErrorKind> error = {}) const {
    return totals().of(operation).outcomes[outcome_index(error)];
  }

  const Deadline never_ = Deadline::never();
  ManualClock clock_;
  std::shared_ptr<StoreMeter> meter_ = std::make_shared<StoreMeter>(clock_);
  MemoryStore& inner_ = *new MemoryStore();
  MeteredStore store_{std::unique_ptr<Store>(&inner_), meter_};
};

TEST_F(MeteredStoreTest, CountsEveryOperationByItself) {
  EXPECT_TRUE(store_.ensure_bucket(never_));
  const auto stored = put();
  ASSERT_TRUE(stored);
  const auto extended = store_.extend("key", *stored, MemoryBody("content and more"), kTextContent, never_);
  ASSERT_TRUE(extended);
  EXPECT_TRUE(store_.copy("key", *extended, "copy", never_));
  EXPECT_TRUE(store_.stat("key", never_));
  EXPECT_TRUE(store_.list("", "", never_));
  EXPECT_EQ(*store_.get("key", 0, 100, never_), "content and more");
  EXPECT_TRUE(store_.remove("key", never_));
  EXPECT_TRUE(store_.abort_unfinished_uploads("", never_));
  for (size_t i = 0; i < kStoreOperations; ++i) {
    const auto operation = static_cast<StoreOperation>(i);
    EXPECT_EQ(count(operation), 1u) << name_of(operation);
    EXPECT_EQ(totals().of(operation).times.count(), 1u) << name_of(operation);
  }
}

TEST_F(MeteredStoreTest, CountsByOutcome) {
  for (size_t i = 1; i < kStoreOutcomes; ++i) {
    const ErrorKind kind = *outcome_of(i);
    inner_.fail_next(static_cast<int>(i), Error{kind, "so it is"});
    for (size_t times = 0; times < i; ++times)
      EXPECT_FALSE(put());
    EXPECT_EQ(count(StoreOperation::put, kind), i) << name_of_outcome(i);
    EXPECT_EQ(totals().ended(kind), i) << name_of_outcome(i);
  }
  EXPECT_EQ(name_of_outcome(kStoreOutcomes - 1), "cancelled");
}

TEST_F(MeteredStoreTest, TakesTheTimeOfACall) {
  inner_.before_each_call([this](StoreCall, const std::string&) { clock_.advance(Milliseconds(250)); });
  EXPECT_TRUE(put());
  EXPECT_TRUE(put());
  EXPECT_EQ(totals().of(StoreOperation::put).times.sum, Milliseconds(500));
}

TEST_F(MeteredStoreTest, SaysSinceWhenTheStoreFailsAndWhenItLastAnswered) {
  EXPECT_EQ(totals().last_success_unix_nanoseconds, 0);
  const SteadyTime began = clock_.steady_now();
  inner_.fail_next(2, Error{ErrorKind::retry, "down"});
  EXPECT_FALSE(put());
  clock_.advance(Seconds(10));
  EXPECT_FALSE(put());
  EXPECT_EQ(totals().failing_since, began);
  EXPECT_EQ(totals().last_success_unix_nanoseconds, 0);

  inner_.fail_next(1, Error{ErrorKind::not_found, "an answer"});
  EXPECT_FALSE(put());
  EXPECT_EQ(totals().failing_since, std::nullopt);
  EXPECT_EQ(totals().last_success_unix_nanoseconds, clock_.unix_nanoseconds());

  // A call that was given up says nothing.
  const int64_t answered = clock_.unix_nanoseconds();
  clock_.advance(Seconds(10));
  inner_.fail_next(1, Error{ErrorKind::cancelled, "stopped"});
  EXPECT_FALSE(put());
  EXPECT_EQ(totals().failing_since, std::nullopt);
  EXPECT_EQ(totals().last_success_unix_nanoseconds, answered);
}

TEST(MeteredStoreBelowRetries, SeesEveryTry) {
  const SkippingClock clock;
  auto meter = std::make_shared<StoreMeter>(clock);
  auto inner = std::make_unique<MemoryStore>();
  inner->fail_next(3, Error{ErrorKind::retry, "down"});
  RetryingStore store(std::make_unique<MeteredStore>(std::move(inner), meter), clock);
  testing::internal::CaptureStderr();
  EXPECT_TRUE(store.put("key", MemoryBody("content"), kTextContent, Deadline::never()));
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(meter->totals().ended(ErrorKind::retry), 3u);
  EXPECT_EQ(meter->totals().of(StoreOperation::put).outcomes[outcome_index({})], 1u);
}

}  // namespace
}  // namespace rayhistory
