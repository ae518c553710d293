#include "historyserver/live/live_clusters.h"

#include <map>
#include <mutex>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "testing/scripted_http_server.h"

namespace rayhistory::historyserver {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const std::string kSession = "session_2026-11-23_03-25-19_402666_11";
const std::string kOther = "session_2026-11-22_03-25-19_402666_11";
constexpr std::string_view kProxy = "/api/v1/namespaces/ml/services/c-head:dashboard/proxy";

std::string cluster_json(const std::string& name, const std::string& more = R"("spec":{})",
                         const std::string& service = "c-head") {
  return fmt::format(
      R"({{"metadata":{{"name":"{}","namespace":"ml","creationTimestamp":"2026-11-23T03:21:00Z"}},{},)"
      R"("status":{{"head":{{"serviceName":"{}"}}}}}})",
      name, more, service);
}

std::string body_of(Response& response) {
  if (!response.pieces) return response.body;
  std::string body;
  while (true) {
    const auto piece = response.pieces->next();
    if (!piece) return body + "!" + piece.error().message;
    if (piece->empty()) return body;
    body += *piece;
  }
}

// Plays an API server that has clusters, and behind it their heads.
class LiveClustersTest : public testing::Test {
 protected:
  ScriptedResponse answer(const ReceivedRequest& request) {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(request.path());
    if (found != answers_.end()) return found->second;
    return {404, {}, R"({"kind":"Status","message":"not found"})"};
  }
  void set(const std::string& path, const ScriptedResponse& given) {
    const std::lock_guard lock(mutex_);
    answers_[path] = given;
  }
  void add_cluster(const std::string& json) {
    set("/apis/ray.io/v1/namespaces/ml/rayclusters/c", {200, {}, json});
  }
  void add_head(const std::string& session = kSession) {
    set(std::string(kProxy) + "/api/version",
        {200, {}, fmt::format(R"({{"version":"4","session_name":"{}"}})", session)});
  }
  LiveClusters& clusters(bool token_mode = false) {
    KubernetesAccess access;
    access.server = *parse_url(server_.origin(), Scheme::http);
    access.server.encoded_path.clear();
    access.token = "ours";
    return clusters_.emplace(access, KubernetesRate{},
                             HeadDashboardOptions{.through_kubernetes = true, .token_mode = token_mode},
                             system_clock());
  }
  static SessionAddress address(const std::string& session, const std::string& kind = "raycluster") {
    return SessionAddress::parse("ml", kind, "c", session).value();
  }
  Response ask(const std::string& target, const LiveClusters& live, Method method = Method::get) {
    const auto session = live.find(address("live"));
    EXPECT_TRUE(session && *session);
    return live.answer(**session, {method, "/ignored", {{"Authorization", "theirs"}, {"X-Other", "1"}}},
                       target);
  }
  std::vector<ReceivedRequest> requests_to(std::string_view path) {
    std::vector<ReceivedRequest> found;
    for (ReceivedRequest& request : server_.requests())
      if (request.path() == path) found.push_back(std::move(request));
    return found;
  }

  std::mutex mutex_;
  std::map<std::string, ScriptedResponse> answers_;  // by path
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return answer(request); }};
  std::optional<LiveClusters> clusters_;
};

TEST_F(LiveClustersTest, KnowWhichSessionTheHeadRuns) {
  add_cluster(cluster_json("c"));
  add_head();
  const LiveClusters& live = clusters();
  EXPECT_EQ(live.find(address(kSession)).value()->session->str(), kSession);
  EXPECT_EQ(live.find(address("latest")).value()->session->str(), kSession);
  EXPECT_TRUE(live.find(address("live")).value());
  EXPECT_FALSE(live.find(address(kOther)).value());
  EXPECT_THAT(requests_to("/apis/ray.io/v1/namespaces/ml/rayclusters/c"), testing::SizeIs(1));
  EXPECT_THAT(requests_to(std::string(kProxy) + "/api/version"), testing::SizeIs(1));
}

TEST_F(LiveClustersTest, AreNotThereWhereKubernetesSaysSo) {
  const LiveClusters& live = clusters();
  for (const std::string& session : {std::string("live"), std::string("latest"), kSession})
    EXPECT_FALSE(live.find(address(session)).value()) << session;
}

TEST_F(LiveClustersTest, DoNotRunWhenTheyAreSuspended) {
  add_cluster(cluster_json("c", R"("spec":{"suspend":true})"));
  add_head();
  const LiveClusters& live = clusters();
  for (const std::string& session : {std::string("live"), std::string("latest"), kSession})
    EXPECT_FALSE(live.find(address(session)).value()) << session;
}

TEST_F(LiveClustersTest, WhoseHeadIsSilentAreLiveWhenAskedForAsSuch) {
  add_cluster(cluster_json("c"));
  for (const int status : {404, 503}) {
    set(std::string(kProxy) + "/api/version", {status, {}, "no endpoints available"});
    const LiveClusters& live = clusters();
    EXPECT_TRUE(live.find(address("live")).value());
    EXPECT_FALSE(live.find(address("latest")).value());
    EXPECT_FALSE(live.find(address(kSession)).value());
  }
}

TEST_F(LiveClustersTest, WhoseHeadDoesNotSayWhatItRunsAreTheLatest) {
  add_cluster(cluster_json("c"));
  set(std::string(kProxy) + "/api/version", {401, {}, "who are you"});
  const LiveClusters& live = clusters();
  const auto latest = live.find(address("latest")).value();
  ASSERT_TRUE(latest);
  EXPECT_EQ(latest->session, std::nullopt);
  EXPECT_FALSE(live.find(address(kSession)).value());
}

TEST_F(LiveClustersTest, OfAnOwnerAreFoundByItsLabelsAndTheOneThatAnswersIsMeant) {
  set("/apis/ray.io/v1/namespaces/ml/rayclusters",
      {200,
       {},
       fmt::format(R"({{"items":[{},{}]}})", cluster_json("pending", R"("spec":{})", "pending-head"),
                   cluster_json("active"))});
  add_head();
  const LiveClusters& live = clusters();
  for (const std::string& session : {std::string("live"), std::string("latest"), kSession}) {
    const auto found = live.find(address(session, "rayservice")).value();
    ASSERT_TRUE(found) << session;
    EXPECT_EQ(found->cluster.place.cluster.str(), "active");
  }
  const auto lists = requests_to("/apis/ray.io/v1/namespaces/ml/rayclusters");
  ASSERT_THAT(lists, testing::SizeIs(1));
  EXPECT_TRUE(lists[0].has_query(
      "labelSelector=ray.io%2Foriginated-from-cr-name%3Dc%2Cray.io%2Foriginated-from-crd%3DRayService"));
}

class RayServiceUpgrade : public LiveClustersTest {
 protected:
  static constexpr std::string_view kService = "/apis/ray.io/v1/namespaces/ml/rayservices/c";

  // Both heads answer; each runs a session of its own.
  RayServiceUpgrade() {
    set("/apis/ray.io/v1/namespaces/ml/rayclusters",
        {200,
         {},
         fmt::format(R"({{"items":[{},{}]}})", cluster_json("pending", R"("spec":{})", "pending-head"),
                     cluster_json("active"))});
    add_head();
    set("/api/v1/namespaces/ml/services/pending-head:dashboard/proxy/api/version",
        {200, {}, fmt::format(R"({{"version":"4","session_name":"{}"}})", kOther)});
  }
  void set_service(std::string_view status) {
    set(std::string(kService),
        {200, {}, fmt::format(R"({{"metadata":{{"name":"c"}},"status":{}}})", status)});
  }
  static std::string found(const LiveClusters& live, const std::string& session) {
    const auto found = live.find(address(session, "rayservice")).value();
    return found ? found->cluster.place.cluster.str() : "";
  }
};

TEST_F(RayServiceUpgrade, LeadsToTheClusterThatServes) {
  set_service(
      R"({"activeServiceStatus":{"rayClusterName":"active"},"pendingServiceStatus":{"rayClusterName":"pending"}})");
  const LiveClusters& live = clusters();
  EXPECT_EQ(found(live, "live"), "active");
  EXPECT_EQ(found(live, "latest"), "active");
  // A session that is named is the one that is meant, also of the cluster that is being prepared.
  EXPECT_EQ(found(live, kSession), "active");
  EXPECT_EQ(found(live, kOther), "pending");
  EXPECT_THAT(requests_to(kService), testing::SizeIs(1));
}

TEST_F(RayServiceUpgrade, LeadsToTheClusterThatServesAlsoWhileItsHeadIsSilent) {
  set_service(R"({"activeServiceStatus":{"rayClusterName":"active"}})");
  set(std::string(kProxy) + "/api/version", {503, {}, "no endpoints available"});
  const LiveClusters& live = clusters();
  EXPECT_EQ(found(live, "live"), "active");
  EXPECT_EQ(found(live, "latest"), "pending");
}

TEST_F(RayServiceUpgrade, TakesTheFirstThatAnswersWhereNoneIsSaidToServe) {
  for (const char* status :
       {"{}", R"({"activeServiceStatus":{"rayClusterName":""}})", R"({"activeServiceStatus":7})",
        R"({"activeServiceStatus":{"rayClusterName":"another"}})"}) {
    set_service(status);
    EXPECT_EQ(found(clusters(), "live"), "pending") << status;
  }
}

TEST_F(RayServiceUpgrade, SaysOnceThatItMayNotReadRayServicesAndGoesOn) {
  testing::internal::CaptureStderr();
  for (const ScriptedResponse& refused :
       {ScriptedResponse{403, {}, R"({"message":"rayservices.ray.io is forbidden"})"},
        ScriptedResponse{200, {}, "no JSON"}}) {
    set(std::string(kService), refused);
    EXPECT_EQ(found(clusters(), "live"), "pending");
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log,
              AllOf(HasSubstr("a RayService cannot be read"), HasSubstr("rayservices.ray.io is forbidden")));
  // One that is gone is nothing to warn about.
  testing::internal::CaptureStderr();
  set(std::string(kService), {404, {}, R"({"message":"not found"})"});
  EXPECT_EQ(found(clusters(), "live"), "pending");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(RayServiceUpgrade, DoesNotAskForTheRayServiceOfOneClusterOrOfARayJob) {
  found(clusters(), "live");
  EXPECT_THAT(requests_to(kService), testing::SizeIs(1));
  EXPECT_TRUE(clusters().find(address("live", "rayjob")).value());
  set("/apis/ray.io/v1/namespaces/ml/rayclusters",
      {200, {}, fmt::format(R"({{"items":[{}]}})", cluster_json("active"))});
  EXPECT_EQ(found(clusters(), "live"), "active");
  EXPECT_THAT(requests_to(kService), testing::SizeIs(1));
}

TEST_F(LiveClustersTest, AreUnknownWhereKubernetesCannotBeAsked) {
  set("/apis/ray.io/v1/namespaces/ml/rayclusters/c", {403, {}, R"({"message":"forbidden"})"});
  const LiveClusters& live = clusters();
  EXPECT_EQ(live.find(address("live")).error().kind, ErrorKind::denied);
  EXPECT_EQ(live.find(address(kSession)).error().kind, ErrorKind::denied);
  EXPECT_THAT(live.list(), IsEmpty());
  EXPECT_THAT(requests_to("/apis/ray.io/v1/namespaces/ml/rayclusters/c"), testing::SizeIs(1));
}

TEST_F(LiveClustersTest, AreListedPageByPageWithoutSuspendedOnes) {
  ScriptedHttpServer pages([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.has_query("continue=more"))
      return {200, {}, fmt::format(R"({{"items":[{}]}})", cluster_json("a"))};
    return {200,
            {},
            fmt::format(R"({{"metadata":{{"continue":"more"}},"items":[{},{}]}})", cluster_json("b"),
                        cluster_json("s", R"("spec":{"suspend":true})"))};
  });
  KubernetesAccess access;
  access.server = *parse_url(pages.origin(), Scheme::http);
  access.server.encoded_path.clear();
  const LiveClusters live(access, {}, {}, system_clock());
  std::vector<std::string> names;
  for (const RayCluster& cluster : live.list())
    names.push_back(cluster.place.cluster.str());
  EXPECT_THAT(names, ElementsAre("b", "a"));
}

TEST_F(LiveClustersTest, AreAnsweredForByTheirHead) {
  add_cluster(cluster_json("c"));
  const std::string path = std::string(kProxy) + "/api/v0/tasks%20x";
  set(path, {418, {{"Content-Type", "text/csv"}, {"Last-Modified", "now"}, {"X-Head", "2"}}, "tasks"});
  const LiveClusters& live = clusters();
  Response response = ask("/api/v0/tasks%20x?limit=7&a=%2F", live);
  EXPECT_EQ(response.status, 418);
  EXPECT_EQ(response.content_type, "text/csv; charset=utf-8");
  EXPECT_THAT(response.headers, ElementsAre(Pair("Cache-Control", "no-store"), Pair("Last-Modified", "now")));
  EXPECT_EQ(response.pieces_size, 5u);
  EXPECT_EQ(body_of(response), "tasks");
  const auto asked = requests_to(path);
  ASSERT_THAT(asked, testing::SizeIs(1));
  EXPECT_EQ(asked[0].target, path + "?limit=7&a=%2F");
  EXPECT_EQ(asked[0].header("Authorization"), "Bearer ours");
  EXPECT_EQ(asked[0].header("X-Other"), "");

  Response head = ask("/api/v0/tasks%20x", live, Method::head);
  EXPECT_EQ(head.status, 418);
  EXPECT_EQ(head.pieces_size, 5u);
  EXPECT_EQ(requests_to(path).back().method, "HEAD");
}

// A Ray that masks nothing.
TEST_F(LiveClustersTest, ShowNoSecretsOfTheirHead) {
  add_cluster(cluster_json("c"));
  const LiveClusters& live = clusters();
  const auto answer_of = [&](const std::string& target, const std::string& type, const std::string& body) {
    set(std::string(kProxy) + target.substr(0, target.find('?')), {200, {{"Content-Type", type}}, body});
    Response response = ask(target, live);
    EXPECT_EQ(response.status, 200) << target;
    return body_of(response);
  };
  const std::string json = "application/json; charset=utf-8";
  for (const char* target : {"/api/jobs/", "/api/v0/tasks?detail=1", "/logical/actors", "/api/v0/logs"}) {
    EXPECT_EQ(answer_of(target, json, R"({"data": [{"runtime_env": {"env_vars": {"A": "s3cret"}}}]})"),
              R"({"data": [{"runtime_env": {"env_vars": {"A": "<redacted>"}}}]})");
  }
  for (const char* target : {"/api/v0/logs/file?node_id=aa&filename=runtime_env_agent.log",
                             "/api/v0/logs/stream?node_id=aa&filename=runtime%5Fenv_setup-01000000.log.1",
                             "/logs/runtime_env_agent.log"})
    EXPECT_EQ(answer_of(target, "text/plain", "a\nTOKEN=s3cret\n"), "a\nTOKEN=<redacted>\n");
  // The output of programs stays as it is, in logs of any length.
  EXPECT_EQ(answer_of("/api/v0/logs/file?node_id=aa&filename=raylet.out", "text/plain", "TOKEN=word"),
            "TOKEN=word");
  const std::string log = R"({"logs": ")" + std::string(3'000'000, 'x') + R"("})";
  EXPECT_EQ(answer_of("/api/jobs/sub/logs", json, log), log);
}

TEST_F(LiveClustersTest, PassOnNothingWhoseSecretsCannotBeHidden) {
  add_cluster(cluster_json("c"));
  const LiveClusters& live = clusters();
  const std::string path = std::string(kProxy) + "/api/v0/tasks";
  set(path, {206, {{"Content-Type", "application/json"}, {"Content-Range", "bytes 0-1/9"}}, "\"s3cret"});
  EXPECT_EQ(ask("/api/v0/tasks", live).status, 502);
  set(path, {200, {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}, "\x1f\x8b"});
  EXPECT_EQ(ask("/api/v0/tasks", live).status, 502);
  EXPECT_EQ(requests_to(path).back().header("Accept-Encoding"), "identity");
}

TEST_F(LiveClustersTest, WhoseHeadAnswersWithNoStatusAreAnError) {
  add_cluster(cluster_json("c"));
  const LiveClusters& live = clusters();
  for (const int status : {0, 101, 199, 600, 999}) {
    set(std::string(kProxy) + "/x", {.status = status, .body = "x", .close = true});
    Response response = ask("/x", live);
    EXPECT_EQ(response.status, 502) << status;
    EXPECT_EQ(response.pieces, nullptr) << status;
  }
}

TEST_F(LiveClustersTest, DoNotLetALogPathLeadElsewhere) {
  add_cluster(cluster_json("c"));
  const LiveClusters& live = clusters();
  for (const char* target :
       {"/api/v0/logs/file?node_id=aa&filename=../../etc/passwd", "/api/v0/logs/file",
        "/api/v0/logs/stream?node_id=aa&filename=%2Fetc%2Fpasswd",
        "/api/v0/logs%2Ffile?node_id=aa&filename=..%2Fx", "/api/../../../secrets", "/%2e%2e/x"})
    EXPECT_EQ(ask(target, live).status, 400) << target;
  EXPECT_EQ(ask("/api/actors/kill?actor_id=x", live).status, 405);
  for (const ReceivedRequest& request : server_.requests())
    EXPECT_EQ(request.target.find(kProxy), std::string::npos) << request.target;
}

TEST_F(LiveClustersTest, AreNotReadyWithoutAService) {
  add_cluster(R"({"metadata":{"name":"c","namespace":"ml"}})");
  Response response = ask("/api/v0/tasks", clusters());
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, "RayCluster head service not ready");
}

TEST_F(LiveClustersTest, WhoseHeadBreaksOffAreCutOff) {
  add_cluster(cluster_json("c"));
  set(std::string(kProxy) + "/never", {.status = 200, .body = "", .cut_after = 3});
  set(std::string(kProxy) + "/half", {.status = 200, .body = std::string(1000, 'x'), .cut_after = 500});
  const LiveClusters& live = clusters();
  Response never = ask("/never", live);
  EXPECT_EQ(never.status, 502);
  EXPECT_THAT(never.body, HasSubstr("cannot be reached"));
  Response half = ask("/half", live);
  EXPECT_EQ(half.status, 200);
  EXPECT_THAT(body_of(half), AllOf(HasSubstr("xxx"), HasSubstr("!")));
}

TEST_F(LiveClustersTest, EndWithTheServerOrWithWhoeverAsked) {
  add_cluster(cluster_json("c"));
  // Says that there is more than comes.
  set(std::string(kProxy) + "/log", {200, {{"Content-Length", "1000"}}, "begin"});
  LiveClusters& live = clusters();
  for (const bool by_server : {false, true}) {
    Response response = ask("/log", live);
    EXPECT_EQ(response.pieces->next().value(), "begin");
    if (by_server) {
      live.stop();
    } else {
      response.pieces->cancel();
    }
    EXPECT_EQ(response.pieces->next().error().kind, ErrorKind::cancelled);
  }
}

std::string token_cluster(const std::string& options = "") {
  return cluster_json("c", R"("spec":{"authOptions":{"mode":"token")" + options + "}}");
}

TEST_F(LiveClustersTest, AreShownTheirOwnTokenReadAnew) {
  add_cluster(token_cluster());
  set(std::string(kProxy) + "/x", {200, {}, "x"});
  const std::string secret = "/api/v1/namespaces/ml/secrets/c";
  set(secret, {200, {}, fmt::format(R"({{"data":{{"auth_token":"{}"}}}})", to_base64("one"))});
  const LiveClusters& live = clusters(true);
  EXPECT_EQ(ask("/x", live).status, 200);
  set(secret, {200, {}, fmt::format(R"({{"data":{{"auth_token":"{}"}}}})", to_base64("two"))});
  EXPECT_EQ(ask("/x", live).status, 200);
  add_cluster(token_cluster(R"(,"secretName":"mine")"));
  set("/api/v1/namespaces/ml/secrets/mine",
      {200, {}, fmt::format(R"({{"data":{{"auth_token":"{}"}}}})", to_base64("three"))});
  EXPECT_EQ(ask("/x", live).status, 200);
  add_cluster(cluster_json("c"));
  EXPECT_EQ(ask("/x", live).status, 200);
  std::vector<std::string> tokens;
  for (const ReceivedRequest& request : requests_to(std::string(kProxy) + "/x")) {
    tokens.push_back(request.header("x-ray-authorization"));
    EXPECT_EQ(request.header("Authorization"), "Bearer ours");
  }
  EXPECT_THAT(tokens, ElementsAre("Bearer one", "Bearer two", "Bearer three", ""));
}

TEST_F(LiveClustersTest, WhoseTokenCannotBeHadAreAnError) {
  add_cluster(token_cluster());
  set(std::string(kProxy) + "/x", {200, {}, "x"});
  const LiveClusters& live = clusters(true);
  const auto expect = [&](const std::string& what) {
    const Response response = ask("/x", live);
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, HasSubstr(what));
  };
  expect("secrets/c: 404");
  const std::string secret = "/api/v1/namespaces/ml/secrets/c";
  set(secret, {403, {}, R"({"message":"secrets is forbidden"})"});
  expect("secrets is forbidden");
  set(secret, {200, {}, R"({"data":{}})"});
  expect("has no key auth_token");
  set(secret, {200, {}, R"({"data":{"auth_token":""}})"});
  expect("is empty");
  set(secret, {200, {}, fmt::format(R"({{"data":{{"auth_token":"{}"}}}})", to_base64("s3cret\nx: y"))});
  expect("line break");
  add_cluster(token_cluster(R"(,"enableK8sTokenAuth":true)"));
  expect("not supported");
  EXPECT_THAT(requests_to(std::string(kProxy) + "/x"), IsEmpty());
}

}  // namespace
}  // namespace rayhistory::historyserver
