#include "historyserver/web/dashboard_files.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::historyserver {
namespace {

using testing::Contains;
using testing::Pair;

TEST(DashboardFiles, AreServedWithTheirTypes) {
  const TemporaryFolder folder;
  folder.write("build/index.html", "<html>");
  folder.write("build/static/js/main.1234.js", "let x");
  folder.write("build/favicon.ico", "i");
  const auto files = DashboardFiles::open(folder / "build");
  ASSERT_TRUE(files);
  const auto index = files->answer("/");
  ASSERT_TRUE(index);
  EXPECT_EQ(index->body, "<html>");
  EXPECT_EQ(index->content_type, "text/html; charset=utf-8");
  EXPECT_THAT(index->headers, Contains(Pair("Cache-Control", "no-store")));
  const auto script = files->answer("/static/js/main.1234.js");
  ASSERT_TRUE(script);
  EXPECT_EQ(script->content_type, "text/javascript; charset=utf-8");
  EXPECT_THAT(script->headers, Contains(Pair("Cache-Control", "public, max-age=31536000, immutable")));
  EXPECT_TRUE(files->answer("/index.html"));
  EXPECT_TRUE(files->answer("/favicon.ico"));
}

// As Ray 2.60's files have it, minified.
TEST(DashboardFiles, OfferTheLogsOfDeadNodesAndLoadTheSessionsScriptFirst) {
  const TemporaryFolder folder;
  folder.write(
      "index.html",
      R"(<html><head><meta/><script defer="defer" src="./static/js/main.8.js"></script><link href="x">)");
  folder.write(
      "static/js/main.8.js",
      R"((["/n"],(async()=>(await Za()).data.data.summary.filter((e=>"ALIVE"===e.raylet.state)))),n=0,)"
      R"(x="DEAD"!==q.state,y="DEAD"!==p.state&&(0,s.jsx)(xt.Z,{component:A.rU,to:"/logs/?nodeId=".concat()");
  folder.write("static/js/other.js", R"("DEAD"!==p.state&&(0,s.jsx)(xt.Z,{to:"/logs/?nodeId=")");
  const auto files = DashboardFiles::open(folder.path());
  ASSERT_TRUE(files);
  EXPECT_EQ(files->answer("/")->body,
            R"(<html><head><script src="./api/history/page.js"></script><meta/>)"
            R"(<script defer="defer" src="./static/js/main.8.js?history=1"></script><link href="x">)");
  EXPECT_EQ(files->answer("/static/js/main.8.js")->body,
            R"((["/n"],(async()=>(await Za()).data.data.summary)),n=0,)"
            R"(x="DEAD"!==q.state,y=true&&(0,s.jsx)(xt.Z,{component:A.rU,to:"/logs/?nodeId=".concat()");
  EXPECT_EQ(files->answer("/static/js/other.js")->body,
            R"("DEAD"!==p.state&&(0,s.jsx)(xt.Z,{to:"/logs/?nodeId=")");
}

TEST(DashboardFiles, AreNoOtherFiles) {
  const TemporaryFolder folder;
  folder.write("build/index.html", "<html>");
  folder.write("secret", "s");
  std::filesystem::create_symlink(folder / "secret", folder / "build/link");
  const auto files = DashboardFiles::open(folder / "build");
  ASSERT_TRUE(files);
  for (const char* path : {"/../secret", "/link", "/static", "/static/", "//index.html", "/./index.html", "",
                           "index.html", "/index.html/", "/api/v0/tasks"})
    EXPECT_FALSE(files->answer(path)) << path;
}

TEST(DashboardFiles, AreNotThereWithoutAnIndex) {
  const TemporaryFolder folder;
  EXPECT_EQ(DashboardFiles::open(folder / "nowhere").error().kind, ErrorKind::not_found);
  folder.write("build/static/x.js", "x");
  EXPECT_EQ(DashboardFiles::open(folder / "build").error().kind, ErrorKind::not_found);
  EXPECT_FALSE(DashboardFiles().answer("/"));
}

}  // namespace
}  // namespace rayhistory::historyserver
