#include "logs/log_place.h"

#include <gtest/gtest.h>

namespace rayhistory::collector {
namespace {

TEST(LogPlace, GivesTheKeysOfTheSessionsNode) {
  const ClusterPlace cluster{
      .name_space = *DnsName::parse("default"), .cluster = *DnsName::parse("mine"), .owner = {}};
  const LogPlace place = log_place(SharedPath(), ObjectKeys("", cluster), *SessionName::parse("session_1"),
                                   {{*NodeId::parse("abcd"), 100}, {*NodeId::parse("ef"), 200}});
  const std::string session = "cluster-history/raycluster/default/mine/session_1/";
  EXPECT_EQ(place.key_of(0, "serve/a b.log"), session + "abcd/logs/serve/a b.log");
  EXPECT_EQ(place.key_of(1, "x.log"), session + "ef/logs/x.log");
  EXPECT_EQ(place.nodes[1].prefix, session + "ef/");
}

TEST(LogPlace, AFileIsOfTheNodeThatRanWhenItWasLastWritten) {
  const LogPlace place{.folder = SharedPath(),
                       .nodes = {{.since_nanoseconds = 100, .key_of = {}},
                                 {.since_nanoseconds = 200, .key_of = {}},
                                 {.since_nanoseconds = 300, .key_of = {}}}};
  EXPECT_EQ(place.node_at(5), 0u) << "there was none before the first";
  EXPECT_EQ(place.node_at(199), 0u);
  EXPECT_EQ(place.node_at(200), 1u);
  EXPECT_EQ(place.node_at(299), 1u);
  EXPECT_EQ(place.node_at(1000), 2u);
}

}  // namespace
}  // namespace rayhistory::collector
