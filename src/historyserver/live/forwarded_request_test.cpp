#include "historyserver/live/forwarded_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ForwardedPath, StaysWithinTheHead) {
  for (const char* path :
       {"/", "/api/v0/tasks", "/api/v0/logs/file", "/a..b/.../c", "/%E4%BD%A0", "//api", "/a/"})
    EXPECT_TRUE(check_forwarded_path(path)) << path;
  for (const char* path : {"", "api", "/..", "/../x", "/a/..", "/a/%2e%2e/b", "/a/%2E./b", "/a%2f..%2fb",
                           "/./a", "/a\\..\\b", "/a%5c..", "/a%00", "/a%0d%0ab"}) {
    const auto checked = check_forwarded_path(path);
    ASSERT_FALSE(checked) << path;
    EXPECT_EQ(checked.error().kind, ErrorKind::invalid) << path;
  }
}

TEST(ForwardedPath, KillsNothing) {
  for (const char* path : {"/api/actors/kill", "/api/actors/kil%6c", "/api/actors/kill/", "/kill_actor"})
    EXPECT_EQ(check_forwarded_path(path).error().kind, ErrorKind::unsupported) << path;
  EXPECT_TRUE(check_forwarded_path("/api/actors/killed"));
}

const WebRequest kRequest{Method::get,
                          "/x",
                          {{"Host", "historyserver"},
                           {"User-Agent", "Mozilla"},
                           {"Cookie", "cluster_name=c"},
                           {"Connection", "keep-alive, X-Mine"},
                           {"Keep-Alive", "timeout=5"},
                           {"X-Mine", "for this hop"},
                           {"TE", "trailers"},
                           {"Transfer-Encoding", "chunked"},
                           {"Upgrade", "websocket"},
                           {"Content-Length", "5"},
                           {"content-type", "a/b"},
                           {"Proxy-Authorization", "Basic x"},
                           {"authorization", "Bearer mine"},
                           {"X-Ray-Authorization", "Bearer ray"},
                           {"Impersonate-User", "admin"},
                           {"impersonate-extra-x", "y"},
                           {"X-Remote-Group", "system:masters"},
                           {"Accept", "a"},
                           {"Accept", "b"}}};

TEST(ForwardedHeaders, AreAllButThoseOfThisHop) {
  EXPECT_THAT(forwarded_headers(kRequest, ForwardedBy::direct, true).all(),
              ElementsAre(Pair("User-Agent", "Mozilla"), Pair("Cookie", "cluster_name=c"),
                          Pair("authorization", "Bearer mine"), Pair("X-Ray-Authorization", "Bearer ray"),
                          Pair("Impersonate-User", "admin"), Pair("impersonate-extra-x", "y"),
                          Pair("X-Remote-Group", "system:masters"), Pair("Accept", "a"), Pair("Accept", "b"),
                          Pair("Sec-Fetch-Site", "same-origin")));
}

TEST(ForwardedHeaders, SayOnceThatABrowserAsks) {
  const WebRequest request{Method::get, "/x", {{"sec-fetch-site", "none"}}};
  EXPECT_THAT(forwarded_headers(request, ForwardedBy::direct, true).all(),
              ElementsAre(Pair("sec-fetch-site", "none")));
}

TEST(ForwardedHeaders, LeaveOutCredentialsWhereOursTakeTheirPlace) {
  EXPECT_THAT(forwarded_headers(kRequest, ForwardedBy::kubernetes, false).all(),
              ElementsAre(Pair("User-Agent", "Mozilla"), Pair("Cookie", "cluster_name=c"),
                          Pair("Accept", "a"), Pair("Accept", "b"), Pair("Sec-Fetch-Site", "same-origin")));
  const Headers direct = forwarded_headers(kRequest, ForwardedBy::direct, false);
  EXPECT_EQ(direct.find("Authorization"), std::nullopt);
  EXPECT_EQ(direct.find("x-ray-authorization"), std::nullopt);
}

TEST(ForwardedHeaders, GiveNobodyOurPowerOverKubernetes) {
  EXPECT_THAT(forwarded_headers(kRequest, ForwardedBy::kubernetes, true).all(),
              ElementsAre(Pair("User-Agent", "Mozilla"), Pair("Cookie", "cluster_name=c"),
                          Pair("X-Ray-Authorization", "Bearer ray"), Pair("Accept", "a"), Pair("Accept", "b"),
                          Pair("Sec-Fetch-Site", "same-origin")));
}

TEST(ReturnedHeaders, AreAllButThoseOfThatHop) {
  Headers headers;
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"Content-Type", "a/b"},
                                                                  {"content-length", "5"},
                                                                  {"Transfer-Encoding", "chunked"},
                                                                  {"Connection", "x-hop"},
                                                                  {"X-Hop", "1"},
                                                                  {"Vary", "Origin"},
                                                                  {"Set-Cookie", "a=1"},
                                                                  {"vary", "Cookie"},
                                                                  {"set-cookie", "b=2"},
                                                                  {"bad name", "x"},
                                                                  {"Content-Encoding", "gzip"}}) {
    headers.add(name, value);
  }
  EXPECT_THAT(returned_headers(headers),
              ElementsAre(Pair("Vary", "Origin, Cookie"), Pair("Set-Cookie", "a=1"),
                          Pair("Set-Cookie", "b=2"), Pair("Content-Encoding", "gzip")));
}

}  // namespace
}  // namespace rayhistory
