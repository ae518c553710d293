#include "historyserver/sessions/stored_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

StoredSession session() {
  return {.place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
          .name = *SessionName::parse("session_1"),
          .prefix = "root/cluster-history/raycluster/ns/c/session_1/"};
}

TEST(SessionListing, HasEachObjectOfItsSessionAndNoOther) {
  MemoryStore store;
  const std::string prefix = session().prefix;
  for (const char* path : {"aa/logs/gcs_server.out", "aa/logs/old/x.log", "bb/node_events/e.jsonl",
                           "fetched_endpoints/restful__timezone"})
    ASSERT_TRUE(store.put(prefix + path, MemoryBody("x"), kTextContent, Deadline::never()));
  ASSERT_TRUE(store.put("root/cluster-history/raycluster/ns/c/session_10/aa/logs/y", MemoryBody("x"),
                        kTextContent, Deadline::never()));

  const auto listing = list_session(store, session(), Deadline::never());
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->objects.size(), 4u);
  EXPECT_EQ(listing->below("aa/logs/").size(), 2u);
  EXPECT_EQ(listing->below("aa/log").size(), 2u);
  EXPECT_TRUE(listing->find("aa/logs/gcs_server.out"));
  EXPECT_FALSE(listing->find("aa/logs/"));
  EXPECT_THAT(listing->nodes(), testing::ElementsAre(*NodeId::parse("aa"), *NodeId::parse("bb")));
}

TEST(SessionListing, IsNoEmptyOneWhereTheStoreFails) {
  MemoryStore store;
  store.fail_next(1, Error{ErrorKind::denied, "403"}, StoreCall::list);
  EXPECT_FALSE(list_session(store, session(), Deadline::never()));
}

}  // namespace
}  // namespace rayhistory::historyserver
