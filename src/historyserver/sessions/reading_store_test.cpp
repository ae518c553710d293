#include "historyserver/sessions/reading_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/memory_store.h"
#include "testing/skipping_clock.h"

namespace rayhistory::historyserver {
namespace {

class ReadingStoreTest : public testing::Test {
 protected:
  SkippingClock clock_;
  MemoryStore* inner_ = new MemoryStore;
  ReadingStore store_{std::unique_ptr<Store>(inner_), clock_};
};

TEST_F(ReadingStoreTest, ReadsAgainWhatPasses) {
  inner_->set("a", "1");
  inner_->fail_next(3, Error{ErrorKind::retry, "503"});
  EXPECT_EQ(store_.get("a", 0, 10, Deadline::never()).value(), "1");
  inner_->fail_next(2, Error{ErrorKind::retry, "503"});
  EXPECT_EQ(store_.list("", "", Deadline::never()).value().objects.size(), 1u);
}

TEST_F(ReadingStoreTest, GivesUpSoon) {
  inner_->fail_always(Error{ErrorKind::retry, "503"});
  EXPECT_EQ(store_.list("", "", Deadline::never()).error().message, "503");
  EXPECT_EQ(inner_->calls(StoreCall::list), 4u);
}

TEST_F(ReadingStoreTest, AsksOnceWhereAskingAgainIsNoUse) {
  inner_->fail_always(Error{ErrorKind::denied, "403"});
  EXPECT_FALSE(store_.stat("a", Deadline::never()));
  EXPECT_EQ(inner_->calls(StoreCall::stat), 1u);
}

TEST_F(ReadingStoreTest, WritesNothing) {
  inner_->set("a", "1");
  EXPECT_FALSE(store_.put("b", MemoryBody("x"), kTextContent, Deadline::never()));
  EXPECT_FALSE(store_.replace("b", {}, MemoryBody("x"), kTextContent, Deadline::never()));
  EXPECT_FALSE(store_.extend("a", {}, MemoryBody("x"), kTextContent, Deadline::never()));
  EXPECT_FALSE(store_.copy("a", {}, "b", Deadline::never()));
  EXPECT_FALSE(store_.remove("a", Deadline::never()));
  EXPECT_FALSE(store_.abort_unfinished_uploads("", Deadline::never()));
  EXPECT_FALSE(store_.survey("probe/", SurveyUse::write, Deadline::never()));
  EXPECT_THAT(inner_->keys(), testing::ElementsAre("a"));
  EXPECT_EQ(inner_->content("a"), "1");
}

}  // namespace
}  // namespace rayhistory::historyserver
