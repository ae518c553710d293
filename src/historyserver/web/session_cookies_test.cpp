#include "historyserver/web/session_cookies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::StartsWith;

std::string error_of(std::string_view cookies) {
  const auto address = session_of_cookies(cookies);
  return address ? "" : address.error().message;
}

TEST(SessionCookies, NameASession) {
  const auto address = session_of_cookies(
      "other=1; cluster_name=c; cluster_namespace=ns;session_name=session_1; owner_kind=RayJob; "
      "owner_name=j");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->cluster(), "ns/raycluster/c");
  EXPECT_EQ(address->session.str(), "session_1");
  EXPECT_TRUE(session_of_cookies("cluster_name=c; cluster_namespace=ns; session_name=s; owner_kind="));
}

TEST(SessionCookies, AreMissedInKubeRaysWords) {
  EXPECT_EQ(error_of(""), "Cluster Cookie not found");
  EXPECT_EQ(error_of("cluster_name="), "Cluster Cookie not found");
  EXPECT_EQ(error_of("xcluster_name=c"), "Cluster Cookie not found");
  EXPECT_EQ(error_of("cluster_name=c"), "RayCluster Session Name Cookie not found");
  EXPECT_EQ(error_of("cluster_name=c; session_name=s"), "Cluster Namespace Cookie not found");
}

TEST(SessionCookies, AreChecked) {
  for (const char* cookies : {"cluster_name=../c; cluster_namespace=ns; session_name=s",
                              "cluster_name=c; cluster_namespace=n/s; session_name=s",
                              "cluster_name=c; cluster_namespace=ns; session_name=..",
                              "cluster_name=c; cluster_namespace=ns; session_name=a/b",
                              "cluster_name=c; cluster_namespace=ns; session_name=s; owner_kind=pod",
                              "cluster_name=c; cluster_namespace=ns; session_name=s; owner_name=../j"})
    EXPECT_THAT(error_of(cookies), StartsWith("invalid cookie values: ")) << cookies;
}

TEST(SessionCookies, AreSetForTenMinutes) {
  const ClusterPlace place{*DnsName::parse("ns"), *DnsName::parse("c"),
                           Owner{OwnerKind::rayservice, *DnsName::parse("svc")}};
  EXPECT_THAT(
      set_session_cookies(place, "session_1", CookieTransport::any),
      ElementsAre(Pair("Set-Cookie", "cluster_name=c; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"),
                  Pair("Set-Cookie", "cluster_namespace=ns; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"),
                  Pair("Set-Cookie", "session_name=session_1; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"),
                  Pair("Set-Cookie", "owner_kind=rayservice; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"),
                  Pair("Set-Cookie", "owner_name=svc; Path=/; Max-Age=600; HttpOnly; SameSite=Lax")));
  for (const auto& [name, value] : set_session_cookies(place, "session_1", CookieTransport::https_only))
    EXPECT_THAT(value, testing::EndsWith("; SameSite=Lax; Secure"));
}

}  // namespace
}  // namespace rayhistory::historyserver
