#include "historyserver/web/allowed_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

TEST(AllowedHosts, AreThoseThatNoStrangerCanOwn) {
  const AllowedHosts hosts;
  for (const char* own :
       {"", "localhost", "LOCALHOST:8080", "localhost.", "history.localhost", "127.0.0.1", "127.0.0.1:30080",
        "10.1.2.3", "[::1]", "[::1]:8080", "[fd00::1]:80", "historyserver", "historyserver:30080",
        "historyserver.ray.svc", "historyserver.ray.svc:30080", "historyserver.ray.svc.cluster.local",
        "historyserver.ray.svc.cluster.local.:80"})
    EXPECT_TRUE(hosts.allows(own)) << own;
  for (const char* other :
       {"evil.com", "evil.com:8080", "historyserver.ray", "evil.svc.com", "svc.evil.com",
        "localhost.evil.com", "127.0.0.1.evil.com", "evil.com.", "127.0.0.1x.com", "1.2.3.4.nip.io",
        "[evil.com]", "cluster.local", ".", ":80", "evilsvc.cluster.local"})
    EXPECT_FALSE(hosts.allows(other)) << other;
}

TEST(AllowedHosts, AreAlsoTheNamesThatAreGiven) {
  const auto hosts = AllowedHosts::parse(" History.Example.com, *.ray.example.com ,");
  ASSERT_TRUE(hosts) << hosts.error().message;
  for (const char* given : {"history.example.com", "HISTORY.example.com:443", "history.example.com.",
                            "a.ray.example.com", "a.b.ray.example.com", "localhost"})
    EXPECT_TRUE(hosts->allows(given)) << given;
  for (const char* other : {"example.com", "ray.example.com", "xhistory.example.com", "evilray.example.com",
                            "history.example.com.evil.com"})
    EXPECT_FALSE(hosts->allows(other)) << other;
  EXPECT_TRUE(AllowedHosts::parse("*")->allows("anything.example.com"));
}

TEST(AllowedHosts, TakeNothingButNames) {
  for (const char* wrong : {"https://history.example.com", "history.example.com:443", "a/b", "*example.com",
                            "a.*.com", "*.", "a b", ".example.com", "[::1]"}) {
    const auto hosts = AllowedHosts::parse(wrong);
    ASSERT_FALSE(hosts) << wrong;
    EXPECT_THAT(hosts.error().message, testing::HasSubstr(wrong));
  }
}

}  // namespace
}  // namespace rayhistory::historyserver
