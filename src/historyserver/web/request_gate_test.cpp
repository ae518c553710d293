#include "historyserver/web/request_gate.h"

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

// The refusal's status; 0 without one.
int gate(const std::string& target, std::vector<std::pair<std::string, std::string>> headers,
         const std::string& host = "localhost") {
  const auto refusal = refuse_at_gate({Method::get, target, std::move(headers), host}, AllowedHosts());
  return refusal ? refusal->status : 0;
}

TEST(RequestGate, LetsProgramsAndOurOwnPagesIn) {
  EXPECT_EQ(gate("/clusters", {}), 0);
  EXPECT_EQ(gate("/enter_cluster/a/b/c", {{"Sec-Fetch-Site", "same-origin"}}), 0);
  EXPECT_EQ(gate("/enter_cluster/a/b/c", {{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Mode", "navigate"}}), 0);
  EXPECT_EQ(gate("/api/v0/tasks", {{"sec-fetch-site", "same-origin"}, {"Sec-Fetch-Mode", "cors"}}), 0);
}

TEST(RequestGate, LetsALinkInButNoPageOfAnotherSite) {
  for (const char* site : {"cross-site", "same-site"}) {
    EXPECT_EQ(
        gate("/c/a/b/c/d/",
             {{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}}),
        0);
    for (const char* mode : {"cors", "no-cors", "same-origin", "websocket", ""})
      EXPECT_EQ(gate("/c/a/b/c/d/", {{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", mode}}), 403) << mode;
    for (const char* target : {"object", "embed"}) {
      EXPECT_EQ(
          gate("/", {{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", target}}),
          403);
    }
  }
}

TEST(RequestGate, LetsNoOtherSiteChooseTheSession) {
  EXPECT_EQ(gate("/enter_cluster/a/b/c", {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}}),
            403);
  EXPECT_EQ(gate("/enter_cluster/a/b/c", {{"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Mode", "no-cors"}}),
            403);
}

TEST(RequestGate, AnswersToItsOwnNamesAlone) {
  EXPECT_EQ(gate("/clusters", {}, "evil.example"), 421);
  EXPECT_EQ(gate("/clusters", {{"Host", "localhost"}}, "evil.example:8080"), 421);
  EXPECT_EQ(gate("/clusters", {}, "127.0.0.1:8080"), 0);
}

}  // namespace
}  // namespace rayhistory::historyserver
