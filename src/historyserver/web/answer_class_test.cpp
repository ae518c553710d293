#include "historyserver/web/answer_class.h"

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

TEST(RouteClass, IsOfWhatIsAskedFor) {
  EXPECT_EQ(route_class("/livez"), RouteClass::health);
  EXPECT_EQ(route_class("/clusters/"), RouteClass::sessions);
  EXPECT_EQ(route_class("/select_cluster"), RouteClass::sessions);
  EXPECT_EQ(route_class("/select_cluster.js"), RouteClass::sessions);
  EXPECT_EQ(route_class("/enter_cluster/default/rayjob/a/latest"), RouteClass::enter);
  EXPECT_EQ(route_class("/"), RouteClass::files);
  EXPECT_EQ(route_class("/static/js/main.js"), RouteClass::files);
  EXPECT_EQ(route_class("/api/v0/tasks"), RouteClass::tasks);
  EXPECT_EQ(route_class("/api/v0/tasks/timeline"), RouteClass::tasks);
  EXPECT_EQ(route_class("/api/v0/logs/file"), RouteClass::logs);
  EXPECT_EQ(route_class("/api/jobs/raysubmit_1/logs"), RouteClass::logs);
  EXPECT_EQ(route_class("/api/jobs/raysubmit_1"), RouteClass::api);
  EXPECT_EQ(route_class("/api/v0/tasksx"), RouteClass::api);
  EXPECT_EQ(route_class("/anything"), RouteClass::api);
  EXPECT_EQ(route_class(""), RouteClass::files);
}

TEST(RouteClass, IsTheSameBelowASessionsAddress) {
  EXPECT_EQ(route_class("/c/default/rayjob/myjob/session_1/api/v0/tasks"), RouteClass::tasks);
  EXPECT_EQ(route_class("/c/default/rayjob/myjob/session_1/"), RouteClass::files);
  EXPECT_EQ(route_class("/c/default/rayjob/myjob/session_1"), RouteClass::files);
  EXPECT_EQ(route_class("/c/default/rayjob/myjob/session_1/nodes"), RouteClass::api);
}

TEST(RouteClass, OfAnAddressThatIsCutShortIsSomeOther) {
  EXPECT_EQ(route_class("/c/"), RouteClass::files);
  EXPECT_EQ(route_class("/c/default"), RouteClass::files);
}

TEST(StatusClass, TellsWhatIsNeverThereFromAFailure) {
  EXPECT_EQ(name_of(status_class(200)), "2xx");
  EXPECT_EQ(name_of(status_class(307)), "3xx");
  EXPECT_EQ(name_of(status_class(410)), "4xx");
  EXPECT_EQ(name_of(status_class(501)), "501");
  EXPECT_EQ(name_of(status_class(502)), "5xx");
}

}  // namespace
}  // namespace rayhistory::historyserver
