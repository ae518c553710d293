#include "http/ip_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

IpAddress address(const std::string& text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(IpAddress());
}

TEST(PeerRule, RefusesWhatNoPodOrServiceCanHave) {
  const PeerRule rule;
  for (const char* special : {"127.0.0.1",
                              "127.255.255.254",
                              "0.0.0.0",
                              "0.1.2.3",
                              "::",
                              "::1",
                              "::ffff:127.0.0.1",
                              "::127.0.0.1",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::1",
                              "169.254.169.254",
                              "169.254.170.2",
                              "::ffff:169.254.169.254",
                              "64:ff9b::a9fe:a9fe",
                              "2002:a9fe:a9fe::",
                              "fe80::1",
                              "febf::1",
                              "fd00:ec2::254",
                              "100.100.100.200",
                              "168.63.129.16",
                              "192.0.0.192",
                              "224.0.0.1",
                              "239.255.255.255",
                              "255.255.255.255",
                              "ff02::1"})
    EXPECT_TRUE(rule.refusal(address(special))) << special;
}

TEST(PeerRule, AllowsPodsAndServices) {
  const PeerRule rule;
  for (const char* usual :
       {"10.0.0.1", "10.96.0.10", "172.17.0.2", "192.168.1.1", "100.64.0.1", "100.100.100.201", "198.18.0.1",
        "203.0.113.7", "fd00::1", "fd12:3456::1", "2001:db8::1", "128.0.0.1"})
    EXPECT_FALSE(rule.refusal(address(usual))) << usual;
}

TEST(PeerRule, KeepsToTheNetworksThatAreGiven) {
  const PeerRule rule(
      {*IpNetwork::parse("10.42.0.0/15"), *IpNetwork::parse("127.0.0.1"), *IpNetwork::parse("fd00::/9")});
  for (const char* allowed : {"10.42.0.0", "10.43.255.255", "127.0.0.1", "fd00::1", "fd7f::1"})
    EXPECT_FALSE(rule.refusal(address(allowed))) << allowed;
  for (const char* other : {"10.41.255.255", "10.44.0.0", "127.0.0.2", "fd80::1", "8.8.8.8", "::1"})
    EXPECT_TRUE(rule.refusal(address(other))) << other;
}

TEST(IpNetwork, TakesOnlyNetworks) {
  for (const char* network : {"0.0.0.0/0", "::/0", "10.0.0.0/32", "fd00::/128", "10.1.2.3"})
    EXPECT_TRUE(IpNetwork::parse(network)) << network;
  for (const char* other : {"", "/", "10.0.0.0/", "10.0.0.0/33", "fd00::/129", "10.0.0/8", "a/8",
                            "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.0/8/8", "localhost", "0x7f.1"}) {
    const auto parsed = IpNetwork::parse(other);
    ASSERT_FALSE(parsed) << other;
    EXPECT_THAT(parsed.error().message, testing::HasSubstr(other));
  }
  EXPECT_TRUE(IpNetwork::parse("0.0.0.0/0")->contains(address("8.8.8.8")));
  EXPECT_FALSE(IpNetwork::parse("0.0.0.0/0")->contains(address("2001:db8::1")));
}

TEST(IpAddress, IsShownAsItIsWritten) {
  EXPECT_EQ(address("10.0.0.1").str(), "10.0.0.1");
  EXPECT_EQ(address("::ffff:10.0.0.1").str(), "10.0.0.1");
  EXPECT_EQ(address("fd00:0::1").str(), "fd00::1");
}

}  // namespace
}  // namespace rayhistory
