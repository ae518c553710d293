#include "historyserver/web/history_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "historyserver/web/clusters_answer.h"
#include "testing/manual_clock.h"
#include "testing/memory_store.h"
#include "testing/temporary_folder.h"

namespace rayhistory::historyserver {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

const std::string kOld = "session_2026-11-22_03-25-19_402666_11";
const std::string kNew = "session_2026-11-23_03-25-19_402666_11";

class HistorySiteTest : public testing::Test {
 protected:
  HistorySiteTest() {
    for (const std::string& session : {kOld, kNew}) {
      store_.set("cluster-metadata/rayjob/ns_j_c/" + session, "");
      store_.set("cluster-history/rayjob/ns/j/c/" + session + "/aa/node_events/x.jsonl", "1");
    }
    folder_.write("index.html", "<html>");
    folder_.write("static/js/main.js", "let x");
  }

  // Answers what it was asked of which session.
  HistorySite site(bool with_files = true) {
    return {index_, cache_, with_files ? DashboardFiles::open(folder_.path()).value() : DashboardFiles(),
            [this](const Request& request, const std::shared_ptr<const LoadedSession>& session) {
              return text_response(answer_status_,
                                   session->listing->session.name.str() + " " + request.path +
                                       " limit=" + std::string(request.query.get("limit").value_or("")));
            }};
  }
  Response ask(const std::string& target, std::vector<std::pair<std::string, std::string>> headers = {}) {
    return site().answer({Method::get, target, std::move(headers)});
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }

  int answer_status_ = 200;
  MemoryStore store_;
  ManualClock clock_;
  TemporaryFolder folder_;
  SessionIndex index_{store_, "", {}, clock_};
  SessionCache cache_{store_,
                      [](const SessionListing&, const Deadline&,
                         const MemoryCheck&) -> Result<std::shared_ptr<const SessionState>> {
                        return std::make_shared<const SessionState>();
                      },
                      {},
                      clock_};
};

TEST_F(HistorySiteTest, ListsTheSessions) {
  const std::string row =
      R"({"name":"c","namespace":"ns","sessionName":")" + kNew +
      R"(","createTime":"2026-11-23T03:25:19Z","createTimeStamp":1795404319,"ownerKind":"rayjob","ownerName":"j"})";
  for (const char* path : {"/clusters", "/clusters/", "/clusters?x=1"}) {
    const Response response = ask(path);
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.body, StartsWith("[" + row + ",{")) << path;
  }
}

TEST_F(HistorySiteTest, EntersASessionByCookies) {
  const Response latest = ask("/enter_cluster/ns/RayJob/j");
  EXPECT_EQ(latest.status, 200);
  EXPECT_EQ(latest.body, R"({"name":"c","namespace":"ns","result":"success","session":")" + kNew + R"("})");
  EXPECT_THAT(latest.headers, Contains(Pair("Set-Cookie", HasSubstr("session_name=" + kNew))));
  EXPECT_THAT(ask("/enter_cluster/ns/raycluster/c/latest").body, HasSubstr(kNew));
  EXPECT_THAT(ask("/enter_cluster/ns/raycluster/c/" + kOld).body, HasSubstr(kOld));
}

TEST_F(HistorySiteTest, RefusesTheSessionLiveWhereNoneIsShownLive) {
  for (const Response& response :
       {ask("/enter_cluster/ns/raycluster/c/live"), ask("/c/ns/raycluster/c/live/api/v0/tasks"),
        ask("/api/v0/tasks", {{"Cookie", "cluster_name=c; cluster_namespace=ns; session_name=live"}})}) {
    EXPECT_EQ(response.status, 403);
    EXPECT_THAT(response.body, HasSubstr("--enable-live-clusters"));
    EXPECT_THAT(response.headers, Not(Contains(Key("Set-Cookie"))));
  }
}

TEST_F(HistorySiteTest, LoadsASessionAnewWhereItIsAsked) {
  const std::string path = "/enter_cluster/ns/rayjob/j/" + kNew;
  const auto loads_after = [&](const std::string& target) {
    EXPECT_EQ(ask(target).status, 200);
    return cache_.figures().loads;
  };
  EXPECT_EQ(loads_after(path), 1u);
  EXPECT_EQ(loads_after(path), 1u);
  EXPECT_EQ(loads_after(path + "?reload=false"), 1u);
  EXPECT_EQ(loads_after(path + "?reload=true"), 2u);
  EXPECT_EQ(cache_.figures().evictions, 0u);
  EXPECT_EQ(cache_.figures().sessions, 1u);
}

TEST_F(HistorySiteTest, RefusesToEnterWhatIsNotThere) {
  const Response unknown = ask("/enter_cluster/ns/rayjob/x/" + kNew);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "cluster ns/rayjob/x with session " + kNew + " not found");
  EXPECT_EQ(ask("/enter_cluster/ns/pod/x").status, 400);
  EXPECT_EQ(ask("/enter_cluster/ns/c").status, 400);
  EXPECT_EQ(ask("/enter_cluster/ns/raycluster/c/x/y").status, 400);
  EXPECT_EQ(ask("/enter_cluster/ns/raycluster/c/%2e%2e").body, "invalid session name: \"..\"");
}

TEST_F(HistorySiteTest, AnswersForTheSessionOfTheCookies) {
  const Response response = ask("/api/v0/tasks?limit=7",
                                {{"cookie", "cluster_name=c; cluster_namespace=ns; session_name=" + kOld}});
  EXPECT_EQ(response.body, kOld + " /api/v0/tasks limit=7");
  EXPECT_THAT(response.headers, Contains(Pair("Set-Cookie", HasSubstr("cluster_name=c;"))));  // renewed
}

TEST_F(HistorySiteTest, MissesCookiesInKubeRaysWords) {
  const Response response = ask("/api/v0/tasks");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, kJsonUtf8);
  EXPECT_EQ(response.body, "\"Cluster Cookie not found\"");
}

TEST_F(HistorySiteTest, AnswersForTheSessionOfTheUrlWhateverTheCookies) {
  const Response response =
      ask("/c/ns/rayjob/j/" + kNew + "/api/v0/tasks%20x?limit=7",
          {{"Cookie", "cluster_name=other; cluster_namespace=ns; session_name=" + kOld}});
  EXPECT_EQ(response.body, kNew + " /api/v0/tasks x limit=7");
  EXPECT_THAT(response.headers, Not(Contains(Key("Set-Cookie"))));
}

TEST_F(HistorySiteTest, LeadsFromTheLatestToASessionOfAName) {
  const Response response = ask("/c/ns/rayjob/j/latest/api/v0/tasks?limit=7");
  EXPECT_EQ(response.status, 307);
  EXPECT_EQ(header(response, "Location"), "../../../" + kNew + "/api/v0/tasks?limit=7");
  EXPECT_EQ(header(ask("/c/ns/rayjob/j/" + kOld), "Location"), kOld + "/");
}

TEST_F(HistorySiteTest, SaysThatASessionIsGone) {
  const std::string target = "/c/ns/rayjob/nobody/" + kNew + "/api/v0/tasks";
  const std::pair<std::string, std::string> cookies{"Cookie",
                                                    "cluster_name=x; cluster_namespace=ns; session_name=s"};
  EXPECT_EQ(ask(target).status, 404);
  EXPECT_EQ(ask("/api/v0/tasks", {cookies}).status, 404);
  // Ray's dashboard would answer a 404 from its own cluster.
  const std::pair<std::string, std::string> rays_dashboard{"Content-Type", "application/json"};
  EXPECT_EQ(ask(target, {rays_dashboard}).status, 410);
  EXPECT_EQ(ask("/api/v0/tasks", {cookies, rays_dashboard}).status, 410);
  const Response page = ask("/c/ns/rayjob/nobody/" + kNew + "/", {{"Accept", "text/html"}});
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("href=\"../../../../../select_cluster\""));
  // The same goes for whatever of a session is not there, and for a browser behind Ray's dashboard.
  answer_status_ = 410;
  const std::string log = "/c/ns/rayjob/j/" + kNew + "/api/v0/logs/file?limit=a<b";
  EXPECT_EQ(ask(log).content_type, "text/plain; charset=utf-8");
  const Response missing = ask(log, {{"Accept", "text/html"}, rays_dashboard});
  EXPECT_EQ(missing.status, 410);
  EXPECT_EQ(missing.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(missing.body, HasSubstr("href=\"../../../../../../../../select_cluster\""));
  EXPECT_THAT(missing.body, HasSubstr("a&lt;b"));
  EXPECT_EQ(ask(log, {{"Accept", "text/html"}}).status, 404);
  EXPECT_EQ(ask("/c/ns/pod/x/y/").status, 400);
}

TEST_F(HistorySiteTest, ServesTheDashboardBelowEachSession) {
  for (const std::string& base : {std::string(), "/c/ns/rayjob/j/" + kNew}) {
    EXPECT_EQ(ask(base + "/").body, "<html>");
    EXPECT_EQ(ask(base + "/index.html").body, "<html>");
    EXPECT_EQ(ask(base + "/static/js/main.js").body, "let x");
  }
  const HistorySite bare = site(false);
  EXPECT_EQ(bare.answer({Method::get, "/c/ns/rayjob/j/" + kNew + "/", {}}).status, 404);
  EXPECT_EQ(header(bare.answer({Method::get, "/", {}}), "Location"), "select_cluster");
  // So that Ray's dashboard in front of us shows its own.
  WebRequest with_cookies{Method::get, "/", {}};
  with_cookies.headers = {{"Cookie", "cluster_name=c; cluster_namespace=ns; session_name=" + kOld}};
  EXPECT_EQ(bare.answer(with_cookies).status, 404);
}

TEST_F(HistorySiteTest, LetsAPersonChooseASessionFirst) {
  EXPECT_EQ(header(ask("/", {{"Accept", "text/html,*/*"}}), "Location"), "select_cluster");
  EXPECT_EQ(
      ask("/", {{"Accept", "text/html"}, {"Cookie", "cluster_name=c; cluster_namespace=ns; session_name=s"}})
          .body,
      "<html>");
  const Response page = ask("/select_cluster");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.headers, Contains(Pair("X-Frame-Options", "DENY")));
  EXPECT_THAT(page.headers, Contains(Pair("Content-Security-Policy", AllOf(HasSubstr("default-src 'self';"),
                                                                           Not(HasSubstr("unsafe"))))));
  EXPECT_THAT(page.body, HasSubstr("</html>"));
  EXPECT_EQ(ask("/select_cluster.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(ask("/select_cluster.js").content_type, "text/javascript; charset=utf-8");
}

TEST_F(HistorySiteTest, AnswersProbesWithoutTheStore) {
  store_.fail_always(Error{ErrorKind::retry, "503"});
  for (const char* path : {"/livez", "/readyz", "/readz"}) {
    const auto response = site().answer_at_once({Method::get, path, {}});
    ASSERT_TRUE(response) << path;
    EXPECT_EQ(response->body, "ok");
  }
  EXPECT_FALSE(site().answer_at_once({Method::get, "/clusters", {}}));
}

TEST_F(HistorySiteTest, TellsAFailingStoreFromAnEmptyOne) {
  store_.fail_always(Error{ErrorKind::denied, "403 from the store"});
  for (const std::string& target : {std::string("/clusters"), std::string("/enter_cluster/ns/rayjob/j"),
                                    "/c/ns/rayjob/j/" + kNew + "/api/v0/tasks"}) {
    const Response response = ask(target);
    EXPECT_EQ(response.status, 502) << target;
    EXPECT_THAT(response.body, HasSubstr("403 from the store"));
  }
  store_.recover();
  EXPECT_EQ(ask("/clusters").status, 200);
}

// What a call gives that has not ended by --session-process-timeout (RetryingStore, SessionCacheTimeout).
TEST_F(HistorySiteTest, TellsAStoreThatIsTooSlowFromOneThatFails) {
  store_.fail_always(Error{ErrorKind::cancelled, "given up at the deadline"});
  const Response response = ask("/c/ns/rayjob/j/" + kNew + "/api/v0/tasks");
  EXPECT_EQ(response.status, 504);
  EXPECT_THAT(response.body, HasSubstr("given up at the deadline"));
}

TEST(ClustersJson, HasWhatRunsBeforeWhatIsStored) {
  const auto cluster = parse_ray_cluster(
      R"({"metadata":{"name":"c","namespace":"n","creationTimestamp":"2026-11-23T03:21:00Z",)"
      R"("labels":{"ray.io/originated-from-crd":"RayService","ray.io/originated-from-cr-name":"s"}}})");
  ASSERT_TRUE(cluster);
  EXPECT_EQ(
      clusters_json({*cluster}, SessionList({})),
      R"([{"name":"c","namespace":"n","sessionName":"live","createTime":"2026-11-23 03:21:00 +0000 UTC",)"
      R"("createTimeStamp":1795404060,"ownerKind":"rayservice","ownerName":"s"}])");
}

TEST(ClustersJson, IsAnEmptyArrayWithoutSessions) {
  EXPECT_EQ(clusters_json({}, SessionList({})), "[]");
}

}  // namespace
}  // namespace rayhistory::historyserver
