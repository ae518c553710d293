// What the live dashboard answered about the logs of a session, against what we answer from its bucket. The
// state is made of the live dashboard's own answers, so that nothing but the logs is judged.
#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "historyserver/logs/log_answer.h"
#include "store/local/local_folder_store.h"
#include "testing/recorded_session.h"

namespace rayhistory::historyserver {
namespace {

using Json = simdjson::dom::element;

class RecordedLogsTest : public testing::Test {
 protected:
  RecordedLogsTest() {
    for (const Json row : rows("/api/v0/nodes?detail=1")) {
      Node node;
      node.node_id = text(row["node_id"]);
      node.ip_address = text(row["node_ip"]);
      state_.nodes.push_back(node);
    }
    for (const Json row : rows("/api/v0/tasks?detail=1&limit=10000"))
      state_.attempts.push_back(attempt_of(row));
    std::sort(state_.attempts.begin(), state_.attempts.end(), [](const TaskAttempt& a, const TaskAttempt& b) {
      return std::tie(a.task_id, a.attempt) < std::tie(b.task_id, b.attempt);
    });
    for (const auto& [id, value] :
         object(parse(recorded_.answer("/logical/actors").body)["data"]["actors"])) {
      Actor actor;
      actor.actor_id = id;
      actor.node_id = text(value["address"]["nodeId"]);
      actor.worker_id = text(value["address"]["workerId"]);
      state_.actors.push_back(actor);
    }
    std::sort(state_.actors.begin(), state_.actors.end(),
              [](const Actor& a, const Actor& b) { return a.actor_id < b.actor_id; });

    auto listing = list_session(
        store_,
        {.place = {.name_space = *DnsName::parse("default"), .cluster = *DnsName::parse("full"), .owner = {}},
         .name = *SessionName::parse(kSession),
         .prefix = "cluster-history/rayjob/default/myjob/full/" + std::string(kSession) + "/"},
        Deadline::never());
    EXPECT_TRUE(listing);
    if (listing) listing_ = std::move(*listing);
  }

  static constexpr std::string_view kSession = "session_2026-11-23_03-25-19_402666_11";

  // Lives as long as the test, as the state's views need.
  Json parse(const std::string& body) {
    parsers_.emplace_back();
    return parsers_.back().parse(body);
  }
  simdjson::dom::array rows(std::string_view request) {
    return parse(recorded_.answer(request).body)["data"]["result"]["result"];
  }
  static simdjson::dom::object object(Json value) { return value; }
  // Empty where it is null.
  static std::string_view text(Json value) {
    return value.is_null() ? std::string_view{} : std::string_view(value);
  }
  static TaskAttempt attempt_of(Json row) {
    TaskAttempt attempt;
    attempt.task_id = text(row["task_id"]);
    attempt.attempt = static_cast<uint32_t>(uint64_t(row["attempt_number"]));
    attempt.node_id = text(row["node_id"]);
    attempt.worker_id = text(row["worker_id"]);
    attempt.actor_id = text(row["actor_id"]);
    attempt.status = parse_task_status(text(row["state"])).value();
    const auto time = [&](const char* name) {
      const Json value = row[name];
      return value.is_null() ? 0 : static_cast<int64_t>(double(value) * 1e6);
    };
    attempt.reached[static_cast<size_t>(TaskStatus::running)] = time("start_time_ms");
    attempt.reached[static_cast<size_t>(attempt.status)] = time("end_time_ms");
    const Json log = row["task_log_info"];
    if (!log.is_null()) {
      attempt.stdout_file = text(log["stdout_file"]);
      attempt.stdout_start = log["stdout_start"];
      attempt.stdout_end = log["stdout_end"];
    }
    return attempt;
  }

  Response ask(const std::string& request) {
    const size_t question = std::min(request.find('?'), request.size());
    std::optional<Response> response = answer_logs(
        {.path = request.substr(0, question),
         .query = Query::parse(request.substr(std::min(question + 1, request.size())))},
        {.listing = *listing_, .state = state_, .store = store_, .clock = system_clock()}, Deadline::never());
    EXPECT_TRUE(response) << request;
    while (response && response->pieces) {
      const auto piece = response->pieces->next();
      EXPECT_TRUE(piece);
      if (!piece || piece->empty()) break;
      response->body += *piece;
    }
    return response ? std::move(*response) : Response{};
  }
  // Of a list: the names, each with its component.
  std::map<std::string, std::string> names(const std::string& body) {
    std::map<std::string, std::string> names;
    for (const auto& [category, members] : object(parse(body)["data"]["result"])) {
      for (const Json name : simdjson::dom::array(members))
        names.emplace(std::string(text(name)), std::string(category));
    }
    return names;
  }

  const RecordedSession recorded_ = RecordedSession::complete();
  LocalFolderStore store_{recorded_.bucket(), system_clock()};
  std::deque<simdjson::dom::parser> parsers_;
  SessionState state_;
  std::optional<SessionListing> listing_;
};

TEST_F(RecordedLogsTest, OfTasksAndActorsAreThoseOfTheLiveDashboard) {
  int equal = 0;
  int refused = 0;
  for (const RecordedResponse& live : recorded_.answers()) {
    const bool by_id = live.request.starts_with("/api/v0/logs/file?task_id=") ||
                       live.request.starts_with("/api/v0/logs/file?actor_id=");
    if (!by_id) continue;
    const Response ours = ask(live.request);
    if (live.status == 200) {
      EXPECT_EQ(ours.status, 200) << live.request << ours.body;
      EXPECT_EQ(ours.body, live.body) << live.request;
      EXPECT_EQ(ours.content_type, live.content_type);
      ++equal;
    } else if (live.request.find(
                   "task_id=5bed7b81f9990839ffffffffffffffffffffffff02000000&attempt_number=0") !=
               std::string::npos) {
      // Its worker crashed before it said where the output is: live knows nothing, we show the worker's log.
      EXPECT_EQ(ours.status, 200);
      EXPECT_NE(ours.body.find(":job_id:02000000\n"), std::string::npos);
    } else {
      EXPECT_EQ(ours.status, 400) << live.request;
      ++refused;
    }
  }
  EXPECT_EQ(equal, 22);
  EXPECT_EQ(refused, 11);
}

TEST_F(RecordedLogsTest, AreListedAsTheLiveDashboardListsThem) {
  // Folders that held nothing, which no store knows; and what the recording itself put there.
  const std::set<std::string> only_live = {"nsight/", "profiles/", "rocprof_sys/", "old/"};
  int lists = 0;
  for (const RecordedResponse& live : recorded_.answers()) {
    if (live.status != 200 || !live.request.starts_with("/api/v0/logs?")) continue;
    const Response ours = ask(live.request);
    ASSERT_EQ(ours.status, 200) << live.request;
    std::map<std::string, std::string> expected = names(live.body);
    for (const std::string& name : only_live)
      expected.erase(name);
    std::map<std::string, std::string> found = names(ours.body);
    std::erase_if(found, [](const auto& entry) { return entry.first.starts_with("zz_"); });
    EXPECT_EQ(found, expected) << live.request;
    ++lists;
  }
  EXPECT_EQ(lists, 5);
}

TEST_F(RecordedLogsTest, AreRefusedWhereTheLiveDashboardRefuses) {
  for (const char* request : {"/api/v0/logs", "/api/v0/logs?node_ip=1.2.3.4"}) {
    const RecordedResponse live = recorded_.answer(request);
    const Response ours = ask(request);
    EXPECT_EQ(ours.status, live.status);
    EXPECT_EQ(ours.body, live.body);
    EXPECT_EQ(ours.content_type, live.content_type);
  }
  const std::string node = "node_id=" + std::string(state_.nodes.at(0).node_id);
  for (const std::string& request :
       {std::string("/api/v0/logs/file"),
        std::string("/api/v0/logs/bogus?node_ip=192.0.2.2&filename=raylet.out"),
        "/api/v0/logs?" + node + "&glob=../*", "/api/v0/logs/file?" + node + "&filename=../../etc/passwd",
        "/api/v0/logs/file?" + node + "&filename=/etc/passwd"}) {
    EXPECT_EQ(recorded_.answer(request).status, 500) << request;
    EXPECT_EQ(ask(request).status, 400) << request;
  }
  EXPECT_EQ(ask("/api/v0/logs?node_id=deadbeef").status, 410);
  EXPECT_EQ(ask("/api/v0/logs/file?node_ip=192.0.2.2&filename=nope.out").status, 410);
}

TEST_F(RecordedLogsTest, OfAJobAreThoseOfTheLiveDashboard) {
  const RecordedResponse live = recorded_.answer("/api/jobs/raysubmit_bad/logs");
  const Response ours = ask("/api/jobs/raysubmit_bad/logs");
  EXPECT_EQ(ours.status, 200);
  EXPECT_EQ(simdjson::minify(parse(ours.body)), simdjson::minify(parse(live.body)));
}

// Files that the recording put there to try KubeRay's server on.
TEST_F(RecordedLogsTest, KeepTheirBytes) {
  const std::string file = "/api/v0/logs/file?node_ip=192.0.2.2&lines=-1&filename=";
  EXPECT_NE(ask(file + "zz_crlf.out").body.find("\r\n"), std::string::npos);
  EXPECT_NE(ask(file + "zz_bin.out").body.find(std::string("\0\x01\x02", 3)), std::string::npos);
  EXPECT_GT(ask(file + "zz_long.out").body.size(), 64u * 1024);
  EXPECT_EQ(ask(file + "zz_rot.rotated.1795404330000000000-77.out").status, 200);
}

}  // namespace
}  // namespace rayhistory::historyserver
