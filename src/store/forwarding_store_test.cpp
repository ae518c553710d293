#include "store/forwarding_store.h"

#include <gtest/gtest.h>

#include "testing/memory_store.h"

namespace rayhistory {
namespace {

const Deadline kNever = Deadline::never();

class PlainForwardingStore final : public ForwardingStore {
 public:
  explicit PlainForwardingStore(Store& inner) : ForwardingStore(inner) {}
};

class ForwardingStoreTest : public testing::Test {
 protected:
  MemoryStore memory_;
  PlainForwardingStore store_{memory_};
};

TEST_F(ForwardingStoreTest, PassesTheConditionOfAWriteOn) {
  memory_.set("a", "another writer's");
  const MemoryBody body("late");
  const auto as_new = store_.replace("a", std::nullopt, body, kTextContent, kNever);
  ASSERT_FALSE(as_new);
  EXPECT_EQ(as_new.error().kind, ErrorKind::exists);
  const auto over_another = store_.replace("a", StoredObject{1, "other"}, body, kTextContent, kNever);
  ASSERT_FALSE(over_another);
  EXPECT_EQ(over_another.error().kind, ErrorKind::exists);
  EXPECT_EQ(memory_.content("a"), "another writer's");
}

TEST_F(ForwardingStoreTest, PassesEachCallOnOnce) {
  ASSERT_TRUE(store_.ensure_bucket(kNever));
  const auto stored = store_.put("a", MemoryBody("1"), kTextContent, kNever);
  ASSERT_TRUE(stored);
  ASSERT_TRUE(store_.extend("a", *stored, MemoryBody("12"), kTextContent, kNever));
  const auto seen = store_.stat("a", kNever);
  ASSERT_TRUE(seen && *seen);
  ASSERT_TRUE(store_.list("", "", kNever));
  EXPECT_EQ(store_.get("a", 0, 10, kNever).value(), "12");
  ASSERT_TRUE(store_.copy("a", StoredObject{2, (*seen)->etag}, "b", kNever));
  ASSERT_TRUE(store_.remove("a", kNever));
  ASSERT_TRUE(store_.abort_unfinished_uploads("", kNever));
  ASSERT_TRUE(store_.bucket_warnings(kNever));
  for (size_t call = 0; call < kStoreCalls; ++call)
    EXPECT_EQ(memory_.calls(static_cast<StoreCall>(call)), 1u) << "call " << call;
}

}  // namespace
}  // namespace rayhistory
