#include "historyserver/live/forwarded_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
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
                           {"Accept-Encoding", "gzip, br"},
                           {"Accept", "b"},
                           {"X-Forwarded-For", "10.0.0.1"},
                           {"X-Auth-Request-Email", "me@example.com"},
                           {"Referer", "https://history/secret"},
                           {"Origin", "https://history"},
                           {"Range", "bytes=0-1"}}};

TEST(ForwardedHeaders, AreOnlyThoseOfTheContent) {
  EXPECT_THAT(forwarded_headers(kRequest, RayToken::pass_on).all(),
              ElementsAre(Pair("X-Ray-Authorization", "Bearer ray"), Pair("Accept", "a"), Pair("Accept", "b"),
                          Pair("Range", "bytes=0-1"), Pair("Sec-Fetch-Site", "same-origin"),
                          Pair("Accept-Encoding", "identity")));
}

TEST(ForwardedHeaders, LeaveOutTheVisitorsTokenWhereOursTakesItsPlace) {
  EXPECT_THAT(forwarded_headers(kRequest, RayToken::withhold).all(),
              ElementsAre(Pair("Accept", "a"), Pair("Accept", "b"), Pair("Range", "bytes=0-1"),
                          Pair("Sec-Fetch-Site", "same-origin"), Pair("Accept-Encoding", "identity")));
}

TEST(ForwardedHeaders, SayOnceThatABrowserAsks) {
  const WebRequest request{Method::get, "/x", {{"sec-fetch-site", "cross-site"}}};
  EXPECT_THAT(forwarded_headers(request, RayToken::withhold).all(),
              ElementsAre(Pair("Sec-Fetch-Site", "same-origin"), Pair("Accept-Encoding", "identity")));
}

TEST(ReturnedHeaders, AreOnlyThoseOfTheContent) {
  Headers headers;
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"Content-Type", "a/b"},
           {"content-length", "5"},
           {"Transfer-Encoding", "chunked"},
           {"Vary", "Origin"},
           {"Set-Cookie", "a=1"},
           {"vary", "Cookie"},
           {"Service-Worker-Allowed", "/"},
           {"Clear-Site-Data", "\"*\""},
           {"Access-Control-Allow-Origin", "*"},
           {"Location", "https://elsewhere"},
           {"Refresh", "0; url=https://elsewhere"},
           {"Link", "</x.js>; rel=preload"},
           {"WWW-Authenticate", "Basic"},
           {"Cache-Control", "max-age=31536000"},
           {"Content-Security-Policy", "default-src *"},
           {"Content-Disposition", "a\x01"},
           {"bad name", "x"},
           {"Content-Encoding", "gzip"}}) {
    headers.add(name, value);
  }
  EXPECT_THAT(returned_headers(headers),
              ElementsAre(Pair("Cache-Control", "no-store"), Pair("Content-Encoding", "gzip"),
                          Pair("Vary", "Origin, Cookie")));
}

}  // namespace
}  // namespace rayhistory::historyserver
