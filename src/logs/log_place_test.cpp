#include "logs/log_place.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(LogPlace, GivesTheKeysOfTheSessionsNode) {
  const ClusterPlace cluster{
      .name_space = *DnsName::parse("default"), .cluster = *DnsName::parse("mine"), .owner = {}};
  const LogPlace place = log_place("/tmp/ray/session_1/logs", ObjectKeys("", cluster),
                                   *SessionName::parse("session_1"), *NodeId::parse("abcd"));
  const std::string node = "cluster-history/raycluster/default/mine/session_1/abcd/";
  EXPECT_EQ(place.key_of("serve/a b.log"), node + "logs/serve/a b.log");
  EXPECT_EQ(place.prefix_length, node.size());
}

}  // namespace
}  // namespace rayhistory
