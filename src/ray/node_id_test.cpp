#include "ray/node_id.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

const std::string kNodeA(56, 'a');
const std::string kNodeB(56, 'b');
const SessionName kSession = *SessionName::parse("session_2026-11-23_02-27-20_324908_14170");

void set_modified(const std::string& path, int64_t seconds) {
  const timespec times[2] = {{.tv_sec = seconds, .tv_nsec = 0}, {.tv_sec = seconds, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

class NodeIdFiles : public testing::Test {
 protected:
  NodeIdFiles() { ::mkdir(ray_.session(kSession).str().c_str(), 0755); }

  void write(const std::string& name, const std::string& content, int64_t modified_seconds) const {
    set_modified(folder_.write(name, content), modified_seconds);
  }
  void write_port_file(const std::string& node, int64_t modified_seconds) const {
    write(kSession.str() + "/metrics_agent_port_" + node, "1234", modified_seconds);
  }

  const TemporaryFolder folder_;
  const RayFolder ray_{folder_.shared()};
};

constexpr int64_t kLongAgo = 1'000'000'000;
constexpr int64_t kLater = 4'000'000'000;

TEST_F(NodeIdFiles, NoneIsNoNodeAndSaysWhatWasLookedAt) {
  const NodeIdInFiles found = node_id_in_files(ray_, kSession);
  EXPECT_FALSE(found.node);
  EXPECT_NE(found.reason.find("raylet_node_id"), std::string::npos);
  EXPECT_NE(found.reason.find("_port_"), std::string::npos);
}

TEST_F(NodeIdFiles, TellWhenEachNodeOfASessionBegan) {
  const NodeId a = *NodeId::parse(kNodeA);
  const NodeId b = *NodeId::parse(kNodeB);
  EXPECT_EQ(node_times(ray_, kSession, b).size(), 1u) << "no file tells of any";
  write_port_file(kNodeA, kLongAgo);
  EXPECT_EQ(node_times(ray_, kSession, b).front().node, b) << "nothing tells when it began";
  write_port_file(kNodeB, kLater);
  write(kSession.str() + "/runtime_env_agent_port_" + kNodeB, "1", kLater + 3);
  const NodeTimes both = node_times(ray_, kSession, b);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].node, a);
  EXPECT_EQ(both[1].node, b);
  EXPECT_EQ(both[1].since_nanoseconds, (kLater - 10) * 1'000'000'000)
      << "its first port file, and the way to it";
  EXPECT_EQ(node_times(ray_, kSession, a).size(), 2u) << "the second came and went between two looks";
}

TEST_F(NodeIdFiles, RayletNodeIdComesFirst) {
  write("raylet_node_id", "  " + std::string(56, 'A') + "\nmore", kLater);
  write_port_file(kNodeB, kLater - 1);
  const NodeIdInFiles found = node_id_in_files(ray_, kSession);
  ASSERT_TRUE(found.node);
  EXPECT_EQ(found.node->str(), kNodeA);
  EXPECT_EQ(found.source, ray_.raylet_node_id().str());
  EXPECT_FALSE(found.doubtful);
}

TEST_F(NodeIdFiles, NewestPortFileNamesTheNode) {
  write_port_file(kNodeA, kLater);
  write_port_file(kNodeB, kLater + 5);
  write(kSession.str() + "/not_a_port_file", "", kLater + 9);
  EXPECT_EQ(node_id_in_files(ray_, kSession).node->str(), kNodeB);
}

TEST_F(NodeIdFiles, StaleRayletNodeIdLosesToANewerPortFileOfAnotherNode) {
  write("raylet_node_id", kNodeA, kLater);
  write_port_file(kNodeA, kLater - 1);
  write_port_file(kNodeB, kLater + 1);
  EXPECT_EQ(node_id_in_files(ray_, kSession).node->str(), kNodeB);
}

TEST_F(NodeIdFiles, RayletNodeIdOlderThanTheSessionIsDoubtfulUnlessAPortFileAgrees) {
  write("raylet_node_id", kNodeA, kLongAgo);
  EXPECT_TRUE(node_id_in_files(ray_, kSession).doubtful);
  write_port_file(kNodeA, kLater);
  EXPECT_FALSE(node_id_in_files(ray_, kSession).doubtful);
}

TEST_F(NodeIdFiles, RayletNodeIdWrittenJustBeforeTheSessionsFolderIsTaken) {
  folder_.write("raylet_node_id", kNodeA);
  const SessionName next = *SessionName::parse("session_next");
  ASSERT_EQ(::mkdir(ray_.session(next).str().c_str(), 0755), 0);
  EXPECT_FALSE(node_id_in_files(ray_, next).doubtful);
}

TEST_F(NodeIdFiles, RayletNodeIdOfALaterSessionSaysNothingAboutAnEndedOne) {
  const SessionName next = *SessionName::parse("session_2026-11-23_03-00-00_000001_20000");
  ::mkdir(ray_.session(next).str().c_str(), 0755);
  ASSERT_EQ(::symlink(ray_.session(next).str().c_str(), ray_.session_latest().str().c_str()), 0);
  write("raylet_node_id", kNodeB, kLater);
  EXPECT_FALSE(node_id_in_files(ray_, kSession).node);
  EXPECT_EQ(node_id_in_files(ray_, next).node->str(), kNodeB);
  write_port_file(kNodeA, kLongAgo);
  EXPECT_EQ(node_id_in_files(ray_, kSession).node->str(), kNodeA);
}

TEST_F(NodeIdFiles, GarbageInRayletNodeIdIsNotTaken) {
  write("raylet_node_id", "\n", kLater);
  EXPECT_FALSE(node_id_in_files(ray_, kSession).node);
  write("raylet_node_id", "../../etc", kLater);
  EXPECT_FALSE(node_id_in_files(ray_, kSession).node);
  write_port_file(kNodeB, kLongAgo);
  EXPECT_EQ(node_id_in_files(ray_, kSession).node->str(), kNodeB);
}

TEST(NodesUrl, HasTheDashboardsPortWhereNoneIsGiven) {
  EXPECT_EQ(nodes_url("head.default.svc", "")->str(),
            "http://head.default.svc:8265/api/v0/nodes?limit=10000");
  EXPECT_EQ(nodes_url("head.default.svc", "9000")->str(),
            "http://head.default.svc:9000/api/v0/nodes?limit=10000");
}

TEST(NodesUrl, KeepsTheSchemeAndPortThatFqRayIpCarries) {
  EXPECT_EQ(nodes_url("https://head:8443", "9000")->str(), "https://head:8443/api/v0/nodes?limit=10000");
  EXPECT_EQ(nodes_url("http://10.0.0.1:8266/", "")->str(), "http://10.0.0.1:8266/api/v0/nodes?limit=10000");
}

TEST(NodesUrl, ThatCannotBeNamesItsVariable) {
  const auto bad_port = nodes_url("head", "82x65");
  ASSERT_FALSE(bad_port);
  EXPECT_NE(bad_port.error().message.find("RAY_DASHBOARD_PORT"), std::string::npos);
  const auto bad_host = nodes_url("", "");
  ASSERT_FALSE(bad_host);
  EXPECT_NE(bad_host.error().message.find("FQ_RAY_IP"), std::string::npos);
}

std::string answer_of(const std::string& nodes) {
  return R"({"result": true, "msg": "", "data": {"result": {"total": 1, "result": [)" + nodes + "]}}}";
}
std::string node(const std::string& id, const std::string& ip, const std::string& state, int64_t started) {
  return R"({"node_id": ")" + id + R"(", "node_ip": ")" + ip + R"(", "is_head_node": true, "state": ")" +
         state + R"(", "labels": {"a": [1, 2]}, "start_time_ms": )" + std::to_string(started) + "}";
}

TEST(AliveNode, IsTheOneOfThisPod) {
  const std::string answer =
      answer_of(node(kNodeA, "10.0.0.1", "ALIVE", 1) + "," + node(kNodeB, "10.0.0.2", "ALIVE", 1));
  EXPECT_EQ(alive_node_at("10.0.0.2", answer)->str(), kNodeB);
  EXPECT_EQ(alive_node_at("10.0.0.3", answer), std::nullopt);
}

TEST(AliveNode, IsNotADeadOneAndTheOneStartedLast) {
  const std::string answer =
      answer_of(node(std::string(56, 'd'), "10.0.0.1", "DEAD", 9) + "," +
                node(kNodeB, "10.0.0.1", "ALIVE", 5) + "," + node(kNodeA, "10.0.0.1", "ALIVE", 4));
  EXPECT_EQ(alive_node_at("10.0.0.1", answer)->str(), kNodeB);
}

TEST(AliveNode, IsFoundBesideOddContent) {
  const std::string answer = answer_of(
      R"(null, 7, [], {}, {"node_ip": 5, "state": "ALIVE"}, {"node_ip": "10.0.0.1", "state": "ALIVE"},)"
      R"({"state": "ALIVE", "node_id": "no id", "node_ip": "10.0.0.1"},)"
      R"({"state": "ALIVE", "node_id": ")" +
      kNodeA + R"(", "node_ip": "10.0.0.1", "start_time_ms": null})");
  ASSERT_TRUE(alive_node_at("10.0.0.1", answer));
  EXPECT_EQ(alive_node_at("10.0.0.1", answer)->str(), kNodeA);
}

TEST(AliveNode, IsNothingInWhatIsNoAnswer) {
  for (const char* text :
       {"", "{", "[]", "null", "<html>", R"({"data": null})", R"({"data": {"result": {"result": {}}}})",
        R"({"data": {"result": {"result": [{"node_ip": "10.0.0.1")"})
    EXPECT_EQ(alive_node_at("10.0.0.1", text), std::nullopt) << text;
}

class ScriptedClient final : public HttpClient {
 public:
  explicit ScriptedClient(HttpResponse response) : response_(std::move(response)) {}
  Result<HttpResponse> send(const HttpRequest& request, const Deadline&) override {
    sent = request;
    return response_;
  }
  HttpRequest sent;

 private:
  HttpResponse response_;
};

TEST(AskDashboard, SendsTheTokenAndTakesTheNode) {
  ScriptedClient http(
      {.status = 200, .headers = {}, .body = answer_of(node(kNodeA, "10.0.0.1", "ALIVE", 1))});
  const auto token = [] { return Result<std::optional<std::string>>(std::optional<std::string>("secret")); };
  const auto found =
      ask_dashboard_for_node(http, *nodes_url("head", ""), "10.0.0.1", token, Deadline::never());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->str(), kNodeA);
  EXPECT_EQ(http.sent.headers.find(kRayAuthHeader), "Bearer secret");
}

TEST(AskDashboard, IsRefusedWithAnErrorThatNamesTheAddress) {
  ScriptedClient http({.status = 401, .headers = {}, .body = {}});
  const auto found = ask_dashboard_for_node(http, *nodes_url("head", ""), "10.0.0.1", {}, Deadline::never());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::denied);
  EXPECT_NE(found.error().message.find("http://head:8265/"), std::string::npos);
}

TEST(AskDashboard, KnowsNoSuchNodeYet) {
  ScriptedClient http({.status = 200, .headers = {}, .body = answer_of("")});
  EXPECT_EQ(
      ask_dashboard_for_node(http, *nodes_url("head", ""), "10.0.0.1", {}, Deadline::never()).error().kind,
      ErrorKind::not_found);
}

}  // namespace
}  // namespace rayhistory::collector
