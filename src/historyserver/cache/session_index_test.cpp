#include "historyserver/cache/session_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/manual_clock.h"
#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kOld = "session_2026-11-22_03-25-19_402666_11";
constexpr const char* kNew = "session_2026-11-23_03-25-19_402666_11";

SessionAddress address(const char* kind, const char* name, const char* session) {
  return *SessionAddress::parse("ns", kind, name, session);
}

class SessionIndexTest : public testing::Test {
 protected:
  void mark(const std::string& key) { store_.set("root/cluster-metadata/" + key, ""); }

  MemoryStore store_;
  ManualClock clock_;
};

TEST_F(SessionIndexTest, FindsANewSessionWithoutWaitingForTheListToAge) {
  mark(std::string("raycluster/ns_c/") + kOld);
  const SessionIndex index(store_, "root", {}, clock_);
  EXPECT_THAT((*index.list())->all(), SizeIs(1));
  mark(std::string("raycluster/ns_c/") + kNew);
  EXPECT_THAT((*index.list())->all(), SizeIs(1));
  clock_.advance(Seconds(2));
  EXPECT_TRUE(*index.find(address("raycluster", "c", kNew)));
  EXPECT_THAT((*index.list())->all(), SizeIs(2));
}

TEST_F(SessionIndexTest, AsksTheStoreOnceForMany) {
  mark(std::string("raycluster/ns_c/") + kOld);
  const SessionIndex index(store_, "root", {}, clock_);
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(*index.find(address("raycluster", "c", kOld)));
  EXPECT_EQ(store_.calls(StoreCall::list), 1u);
}

TEST_F(SessionIndexTest, TakesAStoreThatFailsForNoEmptyOne) {
  store_.fail_next(1, Error{ErrorKind::denied, "403"}, StoreCall::list);
  const SessionIndex index(store_, "root", {}, clock_);
  EXPECT_FALSE(index.list());
  ASSERT_TRUE(index.list());
  EXPECT_THAT((*index.list())->all(), IsEmpty());
}

}  // namespace
}  // namespace rayhistory::historyserver
