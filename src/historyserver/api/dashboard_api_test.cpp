#include "historyserver/api/dashboard_api.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "historyserver/api/task_lineage.h"
#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr UnixNanoseconds kSecond = 1'000'000'000;
constexpr UnixNanoseconds kStart = 1'795'404'330 * kSecond;
constexpr std::string_view kDriver = "ffffffffffffffffffffffffffffffffffffffff02000000";

TaskAttempt task(std::string_view id, std::string_view name, TaskStatus status) {
  TaskAttempt task;
  task.task_id = id;
  task.type = TaskType::normal_task;
  task.status = status;
  task.has_definition = true;
  task.name = name;
  task.func_or_class_name = name;
  task.job_id = "02000000";
  task.parent_task_id = kDriver;
  task.reached[static_cast<size_t>(TaskStatus::pending_args_avail)] = kStart;
  task.reached[static_cast<size_t>(status)] = kStart + kSecond;
  return task;
}

// A session of a few tasks, and what a test adds; its answers.
class DashboardApi : public testing::Test {
 protected:
  void put(const std::string& path, std::string_view text) {
    ASSERT_TRUE(
        store.put(session.prefix + path, MemoryBody(std::string(text)), kTextContent, Deadline::never()));
  }

  std::shared_ptr<const SessionListing> listed() {
    auto listing = list_session(store, session, Deadline::never());
    EXPECT_TRUE(listing);
    return std::make_shared<const SessionListing>(*std::move(listing));
  }

  Response get(std::string_view uri, Method method = Method::get) {
    auto listing = listed();
    StoredTexts texts(store, listing);
    const size_t mark = uri.find('?');
    const Request request{.method = method,
                          .path = std::string(uri.substr(0, mark)),
                          .query = Query::parse(mark == uri.npos ? "" : uri.substr(mark + 1))};
    return answer(
        request,
        {.state = state, .listing = *listing, .texts = texts, .now = now, .deadline = Deadline::never()});
  }

  // What is at `pointer` in the JSON of the answer, which is 200.
  std::string json(std::string_view uri, std::string_view pointer) {
    const Response response = get(uri);
    EXPECT_EQ(response.status, 200) << uri << ": " << response.body;
    EXPECT_EQ(response.content_type, kJsonUtf8);
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    EXPECT_EQ(parser.parse(response.body).get(root), simdjson::SUCCESS) << response.body;
    simdjson::dom::element value;
    if (root.at_pointer(pointer).get(value) != simdjson::SUCCESS) return "nothing at " + std::string(pointer);
    return simdjson::minify(value);
  }

  std::vector<std::string> names(std::string_view uri) {
    const Response response = get(uri);
    EXPECT_EQ(response.status, 200) << uri << ": " << response.body;
    simdjson::dom::parser parser;
    std::vector<std::string> names;
    for (const auto row : parser.parse(response.body).at_pointer("/data/result/result").get_array())
      names.emplace_back(std::string_view(row["name"]));
    return names;
  }

  UnixNanoseconds now = kStart + 3600 * kSecond;
  MemoryStore store;
  StoredSession session{
      .place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
      .name = *SessionName::parse("session_2026-11-23_03-25-19_402666_11"),
      .prefix = "cluster-history/raycluster/ns/c/session_2026-11-23_03-25-19_402666_11/"};
  SessionState state;
};

class TaskList : public DashboardApi {
 protected:
  void SetUp() override {
    state.attempts = {task("aa", "f", TaskStatus::finished), task("bb", "g", TaskStatus::failed),
                      task("cc", "G", TaskStatus::running), task("dd", "main", TaskStatus::running)};
    state.attempts[1].worker_pid = 77;
    state.attempts[1].error_type = "TASK_EXECUTION_EXCEPTION";
    state.attempts[1].error_message = "boom";
    state.attempts[3].type = TaskType::driver_task;
  }
};

TEST_F(TaskList, LeavesOutDriversUnlessTheyAreWanted) {
  EXPECT_THAT(names("/api/v0/tasks"), ElementsAre("f", "g", "G"));
  EXPECT_THAT(names("/api/v0/tasks?exclude_driver=False"), ElementsAre("f", "g", "G", "main"));
}

TEST_F(TaskList, IsFiltered) {
  const std::string with = "/api/v0/tasks?filter_keys={}&filter_predicates={}&filter_values={}";
  const auto filtered = [&](std::string_view key, std::string_view predicate, std::string_view value) {
    return names(fmt::format(fmt::runtime(with), key, predicate, value));
  };
  EXPECT_THAT(filtered("name", "%3D", "g"), ElementsAre("g", "G"));
  EXPECT_THAT(filtered("STATE", "%3D", "failed"), ElementsAre("g"));
  EXPECT_THAT(filtered("state", "!%3D", "failed"), ElementsAre("f", "G"));
  EXPECT_THAT(filtered("worker_pid", "%3D", "77"), ElementsAre("g"));
  // Who has none is not 77.
  EXPECT_THAT(filtered("worker_pid", "!%3D", "77"), ElementsAre("f", "G"));
  EXPECT_THAT(filtered("error_type", "%3D", "task_execution_exception"), ElementsAre("g"));
  // KubeRay's names.
  EXPECT_THAT(filtered("task_name", "%3D", "f"), ElementsAre("f"));
  EXPECT_THAT(filtered("task_type", "%3D", "normal_task"), ElementsAre("f", "g", "G"));
  EXPECT_THAT(names("/api/v0/tasks?filter_keys=name&filter_predicates=%3D&filter_values=g"
                    "&filter_keys=state&filter_predicates=%3D&filter_values=RUNNING"),
              ElementsAre("G"));
}

TEST_F(TaskList, CountsBeforeItCuts) {
  EXPECT_EQ(json("/api/v0/tasks?limit=1", "/data/result/num_filtered"), "3");
  EXPECT_THAT(names("/api/v0/tasks?limit=1"), ElementsAre("f"));
  EXPECT_THAT(names("/api/v0/tasks?limit=0"), IsEmpty());
  EXPECT_THAT(names("/api/v0/tasks?limit=10000&timeout=24&server_timeout_multiplier=0.8"),
              ElementsAre("f", "g", "G"));
  // Ray filters names where tasks are kept, and types afterwards.
  const std::string by_name = "/api/v0/tasks?filter_keys=name&filter_predicates=%3D&filter_values=f";
  EXPECT_EQ(json(by_name, "/data/result/total"), "1");
  const std::string by_pid = "/api/v0/tasks?filter_keys=worker_pid&filter_predicates=%3D&filter_values=77";
  EXPECT_EQ(json(by_pid, "/data/result/total"), "3");
  EXPECT_EQ(json(by_pid, "/data/result/num_after_truncation"), "3");
  EXPECT_EQ(json(by_pid, "/data/result/num_filtered"), "1");
}

TEST_F(TaskList, RefusesWhatItCannotDo) {
  for (const std::string_view query :
       {"limit=10001", "limit=-1", "limit=abc", "limit=", "limit=99999999999999999999", "detail=maybe",
        "exclude_driver=2", "timeout=soon", "filter_keys=state",
        "filter_keys=bogus&filter_predicates=%3D&filter_values=x",
        "filter_keys=events&filter_predicates=%3D&filter_values=x",
        "filter_keys=state&filter_predicates=%3E&filter_values=x",
        "filter_keys=worker_pid&filter_predicates=%3D&filter_values=x",
        "filter_keys=is_debugger_paused&filter_predicates=%3D&filter_values=perhaps"}) {
    const Response response = get(fmt::format("/api/v0/tasks?{}", query));
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_THAT(response.body,
                AllOf(HasSubstr(R"("result": false)"), HasSubstr(R"("data": {"result": null})")));
  }
  EXPECT_THAT(get("/api/v0/tasks?filter_keys=bogus&filter_predicates=%3D&filter_values=x").body,
              AllOf(HasSubstr("bogus"), HasSubstr("func_or_class_name, parent_task_id")));
}

TEST_F(TaskList, HasEveryColumnAlways) {
  state.attempts[0] = {};  // of which nothing is known
  EXPECT_EQ(json("/api/v0/tasks?detail=1&limit=1", "/data/result/result/0"),
            R"({"task_id":"","attempt_number":0,"name":"","state":"NIL","job_id":"","actor_id":null,)"
            R"("type":null,"func_or_class_name":"","parent_task_id":"","node_id":null,"worker_id":null,)"
            R"("worker_pid":null,"error_type":null,"language":null,"required_resources":{},)"
            R"("runtime_env_info":null,"placement_group_id":null,"events":[],"profiling_data":{},)"
            R"("creation_time_ms":null,"start_time_ms":null,"end_time_ms":null,"task_log_info":null,)"
            R"("error_message":null,"is_debugger_paused":null,"call_site":null,"label_selector":{},)"
            R"("fallback_strategy":null})");
}

// Live answers spell a fallback strategy as the .proto file does, whichever spelling its event has.
TEST_F(TaskList, ShowsAFallbackStrategyInTheProtoFilesSpelling) {
  constexpr std::string_view kShown =
      R"({"options":[{"label_selector":{"label_constraints":[{"label_key":"myKey"}]}}]})";
  for (const std::string_view told :
       {R"({"options": [{"labelSelector": {"labelConstraints": [{"labelKey": "myKey"}]}}]})",
        kShown.data()}) {
    state.attempts[0].fallback_strategy = told;
    EXPECT_EQ(json("/api/v0/tasks?detail=1&limit=1", "/data/result/result/0/fallback_strategy"), kShown);
  }
}

TEST_F(TaskList, SaysInEachTableAndOnTheFirstPageThatSomethingIsMissing) {
  constexpr std::string_view kTables[] = {"tasks",
                                          "tasks/summarize",
                                          "tasks/summarize?summary_by=lineage",
                                          "actors",
                                          "actors/summarize",
                                          "nodes",
                                          "workers",
                                          "jobs",
                                          "runtime_envs",
                                          "placement_groups",
                                          "cluster_events"};
  for (const std::string_view table : kTables) {
    EXPECT_EQ(json(fmt::format("/api/v0/{}", table), "/data/result/partial_failure_warning"), R"("")")
        << table;
  }
  EXPECT_EQ(json("/events", "/data/events"), "{}");
  state.partial_failure = "1 file \"x\" is gone.";
  for (const std::string_view table : kTables) {
    EXPECT_EQ(json(fmt::format("/api/v0/{}", table), "/data/result/partial_failure_warning"),
              R"("1 file \"x\" is gone.")")
        << table;
  }
  EXPECT_EQ(json("/events", "/data/events/global/0/message"), R"("1 file \"x\" is gone.")");
  EXPECT_EQ(json("/events", "/data/events/global/0/severity"), R"("ERROR")");
  EXPECT_EQ(json("/api/v0/cluster_events", "/data/result/result/0/message"), R"("1 file \"x\" is gone.")");
}

TEST_F(TaskList, HasTheLastAttemptOfATaskFirstAndCutsAfterwards) {
  state.attempts.clear();
  for (const std::string_view id : {"aa", "bb"}) {
    for (uint32_t attempt = 0; attempt < 3; ++attempt) {
      state.attempts.push_back(task(id, "f", attempt == 2 ? TaskStatus::finished : TaskStatus::failed));
      state.attempts.back().attempt = attempt;
    }
  }
  const auto rows = [&](const std::string& query) {
    const std::string body = get("/api/v0/tasks?" + query).body;
    simdjson::dom::parser parser;
    std::string text;
    for (const simdjson::dom::element row : parser.parse(body)["data"]["result"]["result"].get_array()) {
      text += fmt::format("{}{} ", row["task_id"].get_string().value(),
                          row["attempt_number"].get_int64().value());
    }
    return text;
  };
  EXPECT_EQ(rows(""), "aa0 aa1 aa2 bb0 bb1 bb2 ");
  EXPECT_EQ(rows("limit=1"), "aa2 ");
  EXPECT_EQ(rows("limit=2"), "aa1 aa2 ");
  EXPECT_EQ(rows("limit=3"), "aa0 aa1 aa2 ");
  EXPECT_EQ(rows("limit=4"), "aa0 aa1 aa2 bb2 ");
  const std::string of_task = "filter_keys=task_id&filter_predicates=%3D&filter_values=bb";
  EXPECT_EQ(rows(of_task + "&limit=1"), "bb2 ");
  EXPECT_EQ(rows(of_task), "bb0 bb1 bb2 ");
  EXPECT_EQ(rows("limit=1&filter_keys=state&filter_predicates=%3D&filter_values=FAILED"), "aa1 ");
  // Summaries and time lines go by the first attempt, as they did.
  EXPECT_EQ(state.attempts.front().attempt, 0u);
}

TEST_F(TaskList, FindsOneTaskByItsId) {
  state.attempts.insert(state.attempts.begin() + 2, task("bb", "g again", TaskStatus::finished));
  const std::string of_task = "/api/v0/tasks?filter_keys=task_id&filter_predicates=%3D&filter_values=";
  EXPECT_THAT(names(of_task + "bb"), ElementsAre("g", "g again"));
  EXPECT_THAT(names(of_task + "BB"), ElementsAre("g", "g again"));
  EXPECT_THAT(names(of_task + "ba"), IsEmpty());
  EXPECT_THAT(names(of_task + "zz"), IsEmpty());
  EXPECT_THAT(names(of_task + "bb&filter_keys=name&filter_predicates=%3D&filter_values=G"), ElementsAre("g"));
  EXPECT_THAT(names("/api/v0/tasks?filter_keys=task_id&filter_predicates=!%3D&filter_values=bb"),
              ElementsAre("f", "G"));
}

TEST_F(TaskList, HasAnErrorOnlyOfWhatFailed) {
  EXPECT_EQ(json("/api/v0/tasks?detail=1", "/data/result/result/1/error_message"), R"("boom")");
  state.attempts[1].status = TaskStatus::finished;
  EXPECT_EQ(json("/api/v0/tasks?detail=1", "/data/result/result/1/error_message"), "null");
  EXPECT_EQ(json("/api/v0/tasks?detail=1", "/data/result/result/1/error_type"), "null");
}

TEST_F(TaskList, IsSummarizedByName) {
  EXPECT_EQ(
      json("/api/v0/tasks/summarize", "/data/result/result/node_id_to_summary/cluster"),
      R"({"summary":{"f":{"func_or_class_name":"f","type":"NORMAL_TASK","state_counts":{"FINISHED":1}},)"
      R"("g":{"func_or_class_name":"g","type":"NORMAL_TASK","state_counts":{"FAILED":1}},)"
      R"("G":{"func_or_class_name":"G","type":"NORMAL_TASK","state_counts":{"RUNNING":1}}},)"
      R"("total_tasks":3,"total_actor_tasks":0,"total_actor_scheduled":0,"summary_by":"func_name"})");
  EXPECT_EQ(get("/api/v0/tasks/summarize?summary_by=bogus").status, 400);
  state.attempts[0].type = TaskType::unknown;
  EXPECT_THAT(json("/api/v0/tasks/summarize", "/data/result/warnings/0"), HasSubstr("missing data"));
}

class Lineage : public DashboardApi {
 protected:
  std::string summary(std::string_view pointer) {
    return json("/api/v0/tasks/summarize?summary_by=lineage",
                fmt::format("/data/result/result/node_id_to_summary/cluster/summary{}", pointer));
  }
};

TEST_F(Lineage, PutsSiblingsOfOneNameUnderAGroup) {
  state.attempts = {task("aa", "parent", TaskStatus::finished), task("bb", "f", TaskStatus::finished),
                    task("cc", "f", TaskStatus::failed), task("dd", "lost", TaskStatus::finished)};
  state.attempts[1].parent_task_id = state.attempts[2].parent_task_id = "aa";
  state.attempts[3].parent_task_id = "unknown";
  EXPECT_EQ(summary(""),
            R"([{"name":"parent","key":"aa","type":"NORMAL_TASK","timestamp":1795404330000,)"
            R"("state_counts":{"FINISHED":2,"FAILED":1},"children":[)"
            R"({"name":"f","key":"f","type":"GROUP","timestamp":1795404330000,)"
            R"("state_counts":{"FINISHED":1,"FAILED":1},"children":[)"
            R"({"name":"f","key":"cc","type":"NORMAL_TASK","timestamp":1795404330000,)"
            R"("state_counts":{"FAILED":1},"children":[],"link":{"type":"task","id":"cc"}},)"
            R"({"name":"f","key":"bb","type":"NORMAL_TASK","timestamp":1795404330000,)"
            R"("state_counts":{"FINISHED":1},"children":[],"link":{"type":"task","id":"bb"}}],"link":null}],)"
            R"("link":{"type":"task","id":"aa"}}])");
}

TEST_F(Lineage, CountsEachAttemptOfATask) {
  state.attempts = {task("aa", "f", TaskStatus::failed), task("aa", "f", TaskStatus::failed)};
  state.attempts[1].attempt = 1;
  EXPECT_EQ(summary("/0/state_counts"), R"({"FAILED":2})");
  EXPECT_EQ(summary("/1"), "nothing at /data/result/result/node_id_to_summary/cluster/summary/1");
}

TEST_F(Lineage, IsNotDeeperThanReadersOfJsonGo) {
  std::vector<std::string> ids;
  for (size_t i = 0; i <= kLineageGenerations + 10; ++i)
    ids.push_back(fmt::format("{:05}", i));
  for (size_t i = 0; i < ids.size(); ++i) {
    state.attempts.push_back(task(ids[i], "f", TaskStatus::finished));
    if (i > 0) state.attempts.back().parent_task_id = ids[i - 1];
  }
  const std::string uri = "/api/v0/tasks/summarize?summary_by=lineage";
  EXPECT_THAT(json(uri, "/data/result/warnings/0"), HasSubstr("generations"));
  EXPECT_EQ(summary("/0/state_counts"), fmt::format(R"({{"FINISHED":{}}})", kLineageGenerations));
}

TEST_F(Lineage, IsNotLedRoundInCircles) {
  state.attempts = {task("aa", "f", TaskStatus::finished), task("bb", "g", TaskStatus::finished),
                    task("cc", "h", TaskStatus::finished)};
  state.attempts[0].parent_task_id = "bb";
  state.attempts[1].parent_task_id = "aa";
  state.attempts[2].parent_task_id = "cc";
  EXPECT_EQ(summary(""), "[]");
}

TEST_F(DashboardApi, MasksEverySecretOfARuntimeEnvironment) {
  constexpr std::string_view kEnvironment = R"({"env_vars": {"TOKEN": "s3cr3t"}, "pip": ["x"]})";
  state.attempts = {task("aa", "f", TaskStatus::finished)};
  state.attempts[0].serialized_runtime_env = kEnvironment;
  state.attempts[0].node_id = "n1";
  state.actors.emplace_back();
  state.actors[0].actor_id = "ac";
  state.actors[0].serialized_runtime_env = kEnvironment;
  state.jobs.emplace_back();
  state.jobs[0].job_id = "02000000";
  state.jobs[0].serialized_runtime_env = kEnvironment;
  put("fetched_endpoints/restful__api__serve__applications",
      R"({"applications": {"a": {"deployed_app_config": {"runtime_env": {"env_vars": {"TOKEN": "s3cr3t"}},)"
      R"("deployments": [{"ray_actor_options": {"runtime_env": {"env_vars": {"TOKEN": "s3cr3t"}}}}]}}}})");
  put("fetched_endpoints/restful__api__anything",
      R"({"runtime_env_info": {"serialized_runtime_env": "{\"env_vars\": {\"TOKEN\": \"s3cr3t\"}}"},)"
      R"("runtimeEnv": {"envVars": {"TOKEN": "s3cr3t"}}})");
  put("fetched_endpoints/restful__api__torn", R"({"runtime_env": {"env_vars": {"TOKEN": "s3cr3t")");
  for (const std::string_view uri :
       {"/api/v0/tasks?detail=1", "/api/v0/actors?detail=1", "/api/v0/jobs?detail=1", "/api/jobs/",
        "/api/jobs/02000000", "/api/v0/runtime_envs?detail=1", "/api/serve/applications/", "/api/anything",
        "/api/torn"}) {
    const Response response = get(uri);
    EXPECT_EQ(response.status, 200) << uri;
    EXPECT_THAT(response.body, AllOf(HasSubstr("<redacted>"), Not(HasSubstr("s3cr3t")))) << uri;
  }
  // The rest stays.
  EXPECT_EQ(json("/api/jobs/02000000", "/runtime_env"), R"({"env_vars":{"TOKEN":"<redacted>"},"pip":["x"]})");
  state.jobs[0].serialized_runtime_env = "no JSON with s3cr3t";
  EXPECT_EQ(json("/api/jobs/02000000", "/runtime_env"), R"("<redacted>")");
}

TEST_F(DashboardApi, SaysOfAnUnknownJobThatItIsGoneAndNotThatItMayBeElsewhere) {
  const Response response = get("/api/jobs/99000000");
  EXPECT_EQ(response.status, 410);
  EXPECT_EQ(response.body, "Job 99000000 does not exist");
}

TEST_F(DashboardApi, ListsSubmissionsBeforeDrivers) {
  state.jobs.resize(3);
  state.jobs[0].submission_id = "late";
  state.jobs[0].start_time = 2 * kSecond;
  state.jobs[1].job_id = "02000000";
  state.jobs[2].job_id = "03000000";
  state.jobs[2].submission_id = "early";
  state.jobs[2].start_time = kSecond;
  EXPECT_EQ(json("/api/jobs", "/0/submission_id"), R"("early")");
  EXPECT_EQ(json("/api/jobs", "/1/submission_id"), R"("late")");
  EXPECT_EQ(json("/api/jobs", "/2/type"), R"("DRIVER")");
  EXPECT_EQ(json("/api/jobs/early", "/job_id"), R"("03000000")");
  EXPECT_EQ(json("/api/jobs/late", "/driver_info"), "null");
}

TEST_F(DashboardApi, GivesTheActorsThatAreAskedFor) {
  state.actors.resize(2);
  state.actors[0].actor_id = "aa";
  state.actors[0].required_resources = {{"CPU_group_0_0123abcd", 1}, {"bundle_group_0_0123abcd", 0.001}};
  state.actors[1].actor_id = "bb";
  EXPECT_EQ(json("/logical/actors?ids=bb,zz", "/data/actors/zz"), "null");
  EXPECT_EQ(json("/logical/actors?ids=bb,zz", "/data/actors/bb/actorId"), R"("bb")");
  EXPECT_THAT(json("/logical/actors?ids=bb,zz", "/data/actors/aa"), HasSubstr("nothing"));
  EXPECT_EQ(json("/logical/actors/aa", "/data/detail/requiredResources"), R"({"CPU":1.0})");
  EXPECT_EQ(json("/logical/actors/zz", "/data/detail"), "null");
}

TEST_F(DashboardApi, ShowsANodeWithWhatThePagesCalculateWith) {
  state.nodes.resize(2);
  state.nodes[0].node_id = "aa";
  state.nodes[0].host_name = "h1";
  state.nodes[0].resources = {{"CPU", 2}, {"memory", 2147483648.0}, {"node:__internal_head__", 1}};
  state.nodes[1].node_id = "bb";
  state.nodes[1].host_name = "h2";
  state.nodes[1].is_alive = false;
  const std::string uri = "/nodes?view=summary";
  EXPECT_EQ(json(uri, "/data/nodeLogicalResources"), R"({"aa":"0.0/2.0 CPU\n0B/2.00GiB memory"})");
  EXPECT_EQ(json(uri, "/data/summary/0/mem"), "[0,0,0,0]");
  EXPECT_EQ(json(uri, "/data/summary/0/raylet/resourcesTotal/node:__internal_head__"), "1.0");
  EXPECT_EQ(json(uri, "/data/summary/1/raylet/state"), R"("DEAD")");
  EXPECT_EQ(json("/nodes?view=hostNameList", "/data/hostNameList"), R"(["h1"])");
  EXPECT_EQ(get("/nodes?view=bogus").status, 400);

  put("fetched_endpoints/restful__nodes?view=summary",
      R"({"data": {"summary": [{"hostname": "x", "cpu": 12.5, "mem": [4, 3, 2.0, 1], "raylet": {"nodeId": "aa",)"
      R"("state": "DEAD"}}]}})");
  EXPECT_EQ(json(uri, "/data/summary/0/cpu"), "12.5");
  EXPECT_EQ(json(uri, "/data/summary/0/hostname"), R"("h1")");
  EXPECT_EQ(json(uri, "/data/summary/0/raylet/state"), R"("ALIVE")");
  EXPECT_EQ(json(uri, "/data/summary/1/cpu"), "0");
  EXPECT_EQ(json("/nodes/unknown", "/data/detail/workers"), "[]");
}

TEST_F(DashboardApi, KnowsDriversAsWorkersByTheirJobs) {
  state.jobs.emplace_back();
  state.jobs[0].job_id = "02000000";
  state.jobs[0].driver_pid = 549;
  state.jobs[0].driver_start_time = kStart;
  state.workers.emplace_back();
  state.workers[0].worker_id = "01";
  EXPECT_EQ(json("/api/v0/workers?detail=1", "/data/result/result/0/worker_id"), R"("01")");
  EXPECT_EQ(
      json("/api/v0/workers?detail=1", "/data/result/result/1"),
      R"({"worker_id":"02000000ffffffffffffffffffffffffffffffffffffffffffffffff","is_alive":true,)"
      R"("worker_type":"DRIVER","exit_type":null,"node_id":"","ip":"","pid":549,"exit_detail":null,)"
      R"("worker_launch_time_ms":18446744073709551615,"worker_launched_time_ms":18446744073709551615,)"
      R"("start_time_ms":1795404330000,"end_time_ms":0,"debugger_port":null,"num_paused_threads":null})");
  EXPECT_EQ(json("/api/v0/workers?filter_keys=is_alive&filter_predicates=%3D&filter_values=false",
                 "/data/result/num_filtered"),
            "0");
}

TEST_F(DashboardApi, CutsPlacementGroupsOutOfWhatWasFetched) {
  const std::string with_bogus =
      "/api/v0/placement_groups?filter_keys=bogus&filter_predicates=%3D&filter_values=x";
  EXPECT_THAT(json("/api/v0/placement_groups", "/data/result/warnings/0"), HasSubstr("not known"));
  EXPECT_EQ(get(with_bogus).status, 400);
  put("fetched_endpoints/restful__api__v0__placement_groups?detail=1&limit=10000",
      R"({"data": {"result": {"result": [{"placement_group_id": "bb", "name": "p", "state": "CREATED"},)"
      R"({"placement_group_id": "aa", "name": "q", "state": "REMOVED", "is_detached": true}]}}})");
  EXPECT_THAT(names("/api/v0/placement_groups"), ElementsAre("q", "p"));
  EXPECT_THAT(names("/api/v0/placement_groups?filter_keys=is_detached&filter_predicates=%3D&filter_values=1"),
              ElementsAre("q"));
  EXPECT_EQ(json("/api/v0/placement_groups?detail=1", "/data/result/result/0/bundles"), "[]");
  EXPECT_EQ(json("/api/v0/placement_groups", "/data/result/warnings"), "null");
}

TEST_F(DashboardApi, ShowsPlacementGroupsOfWhichEventsTell) {
  state.placement_groups = {
      {.placement_group_id = "aa",
       .name = "",
       .creator_job_id = "02000000",
       .is_detached = true,
       .bundles = {{.index = 0, .unit_resources = {{"my_res", 0.5}}, .label_selector = {{"a", "b"}}}},
       .requested = 123,
       .state = "REMOVED",
       .scheduling_state = "FINISHED",
       .scheduling_attempt = 2,
       .highest_retry_delay_ms = 1.5}};
  EXPECT_EQ(json("/api/v0/placement_groups?detail=1", "/data/result/warnings"), "null");
  EXPECT_EQ(
      json("/api/v0/placement_groups?detail=1", "/data/result/result"),
      R"([{"placement_group_id":"aa","name":"","creator_job_id":"02000000","state":"REMOVED","bundles":)"
      R"([{"bundle_id":{"placement_group_id":"aa","bundle_index":0},"unit_resources":{"my_res":0.5},)"
      R"("node_id":null,"label_selector":{"a":"b"}}],"is_detached":true,"stats":)"
      R"({"creation_request_received_ns":"123","scheduling_attempt":2,"scheduling_state":"FINISHED",)"
      R"("highest_retry_delay_ms":1.5},"topology_strategy":null,"topology_assignments":null}])");
  EXPECT_EQ(json("/api/v0/placement_groups?filter_keys=is_detached&filter_predicates=%3D&filter_values=true",
                 "/data/result/num_filtered"),
            "1");
}

TEST_F(DashboardApi, TakesOfAFetchedPlacementGroupWhatEventsDoNotTell) {
  state.placement_groups.resize(3);
  state.placement_groups[0].placement_group_id = "aa";
  state.placement_groups[0].name = "n";
  state.placement_groups[0].state = "CREATED";
  state.placement_groups[1].placement_group_id = "bb";
  state.placement_groups[1].state = "RESCHEDULING";
  state.placement_groups[1].scheduling_attempt = 3;
  state.placement_groups[2].placement_group_id = "dd";
  put("fetched_endpoints/restful__api__v0__placement_groups?detail=1&limit=10000",
      R"({"data": {"result": {"result": [)"
      R"({"placement_group_id": "aa", "name": "n", "creator_job_id": "01000000", "state": "REMOVED",)"
      R"( "bundles": [{"node_id": "n1"}], "is_detached": true, "stats": {"scheduling_attempt": 1}},)"
      R"({"placement_group_id": "bb", "state": "CREATED", "stats": {"scheduling_attempt": 1}},)"
      R"({"placement_group_id": "cc", "name": null, "state": "PENDING"}]}}})");
  const std::string list = "/api/v0/placement_groups?detail=1";
  const auto at = [&](std::string_view place) {
    return json(list, "/data/result/result/" + std::string(place));
  };
  EXPECT_EQ(json(list, "/data/result/total"), "4");
  // The dashboard knew of its end, and of its nodes.
  EXPECT_EQ(at("0/state"), "\"REMOVED\"");
  EXPECT_EQ(at("0/creator_job_id"), "\"01000000\"");
  EXPECT_EQ(at("0/bundles"), R"([{"node_id":"n1"}])");
  EXPECT_EQ(at("0/stats"), R"({"scheduling_attempt":1})");
  // Events say what came after the dashboard was asked.
  EXPECT_EQ(at("1/state"), "\"RESCHEDULING\"");
  EXPECT_EQ(at("1/stats/scheduling_attempt"), "3");
  EXPECT_EQ(at("2/name"), "null");
  EXPECT_EQ(at("2/state"), "\"PENDING\"");
  EXPECT_EQ(at("3/state"), "null");
  EXPECT_EQ(at("3/stats"), "null");
}

TEST_F(DashboardApi, ShowsWhatTheAutoscalerReportedUnlessItsLogDoes) {
  state.autoscaler_reports = {{.event_id = "one", .time = kStart, .message = "Adding 1 node(s)."},
                              {.event_id = "two",
                               .time = kStart + kSecond,
                               .message = "No available node types can fulfill it.",
                               .is_warning = true}};
  EXPECT_EQ(json("/events", "/data/events/global/1/severity"), "\"WARNING\"");
  EXPECT_EQ(json("/events", "/data/events/global/0/message"), "\"Adding 1 node(s).\"");
  EXPECT_EQ(json("/api/v0/cluster_events", "/data/result/result/0/source_type"), "\"AUTOSCALER\"");
  put("aa/logs/events/event_AUTOSCALER.log",
      R"({"event_id":"log","message":"m","severity":"INFO","source_type":"AUTOSCALER","timestamp":"20"})"
      "\n");
  EXPECT_EQ(json("/api/v0/cluster_events", "/data/result/total"), "1");
}

TEST_F(DashboardApi, SaysWhichNodesWereStillToComeWhereEventsDo) {
  const std::string status = "/api/cluster_status?format=1";
  EXPECT_THAT(json(status, "/data/clusterStatus"), HasSubstr("Pending:\\n (not recorded)\\n"));
  state.provisioning.time = kStart;
  EXPECT_THAT(json(status, "/data/clusterStatus"), HasSubstr("Pending:\\n (no pending nodes)\\n"));
  state.provisioning.pending = " small, 2 launching\n";
  state.provisioning.failed = " big: LaunchFailed (latest_attempt: 03:25:07) - no quota\n";
  EXPECT_THAT(json(status, "/data/clusterStatus"),
              AllOf(HasSubstr("Pending:\\n small, 2 launching\\nRecent failures:\\n big: LaunchFailed"),
                    Not(HasSubstr("no failures"))));
}

TEST_F(DashboardApi, CountsEventsThatItDoesNotKnowByTheirType) {
  EXPECT_EQ(json("/api/history/session", "/unknown_events"), R"({"total":0,"of_type":{}})");
  state.unknown_events.of_type = {{"NEW_EVENT", 2}};
  state.unknown_events.of_other_types = 5;
  EXPECT_EQ(json("/api/history/session", "/unknown_events"), R"({"total":7,"of_type":{"NEW_EVENT":2}})");
}

TEST_F(DashboardApi, ShowsDatasetsOfWhichTheExportApiTells) {
  const std::string list = "/api/data/datasets/01000000";
  EXPECT_EQ(get(list).body, R"({"datasets": []})");
  state.exported_datasets = {{.dataset_id = "d1",
                              .job_id = "01000000",
                              .state = "FINISHED",
                              .start_seconds = 1795404361.5,
                              .end_seconds = 1795404362.25,
                              .operators = {{"o1", "Input", "FINISHED"}}},
                             {.dataset_id = "d2",
                              .job_id = "01000000",
                              .state = "RUNNING",
                              .start_seconds = 1795404363,
                              .end_seconds = 0,
                              .operators = {}},
                             {.dataset_id = "d3",
                              .job_id = "02000000",
                              .state = "RUNNING",
                              .start_seconds = 1,
                              .end_seconds = 0,
                              .operators = {}}};
  EXPECT_EQ(json(list, "/datasets/0/dataset"), "\"d2\"");
  EXPECT_EQ(json(list, "/datasets/0/end_time"), "null");
  EXPECT_EQ(json(list, "/datasets/1/start_time"), "1795404361.5");
  EXPECT_EQ(json(list, "/datasets/1/end_time"), "1795404362.25");
  EXPECT_EQ(json(list, "/datasets/1/operators/0/name"), "\"Input\"");
  EXPECT_EQ(json(list, "/datasets/1/operators/0/ray_data_current_bytes"), R"({"value":0,"max":0})");
  EXPECT_EQ(json(list, "/datasets/2"), "nothing at /datasets/2");

  // The dashboard knows how much went through, but was asked before it ended.
  put("fetched_endpoints/restful__api__data__datasets__01000000",
      R"({"datasets": [{"dataset": "d1", "state": "RUNNING", "total_rows": 7, "start_time": 1795404361.5,)"
      R"( "end_time": null, "operators": [{"operator": "o1", "state": "RUNNING", "total_rows": 7}]},)"
      R"({"dataset": "d2", "state": "FAILED", "start_time": 1795404363, "end_time": 5, "operators": 3}]})");
  EXPECT_EQ(
      json(list, "/datasets"),
      R"([{"dataset":"d2","state":"FAILED","start_time":1795404363,"end_time":5,"operators":3},)"
      R"({"dataset":"d1","state":"FINISHED","total_rows":7,"start_time":1795404361.5,)"
      R"("end_time":1795404362.25,"operators":[{"operator":"o1","state":"FINISHED","total_rows":7}]}])");
}

TEST_F(DashboardApi, ShowsTrainRunsOfWhichTheExportApiTells) {
  const std::string list = "/api/train/v2/runs/v1";
  EXPECT_EQ(get(list).status, 501);
  const auto run = [](std::string_view run_id, std::string_view status_members) {
    return fmt::format(
        R"({{"id": "{}", "name": "n", "job_id": "AQAAAA==", "controller_actor_id": "Lsm0xvOEUp23bhHlAQAAAA==", )"
        R"("start_time_ns": "17", {}, "run_settings": {{"scaling_config": {{"num_workers_range": {{"min": 1, )"
        R"("max": 4}}, "label_selector_list": {{"values": [{{"values": {{"a": "b"}}}}, {{}}]}}}}, )"
        R"("backend_config": {{"framework": "TORCH", "config": {{}}}}, "data_config": {{"datasets": )"
        R"({{"values": ["train"]}}}}, "run_config": {{"worker_runtime_env": {{"env_vars": {{"KEY": "hush"}}}}, )"
        R"("checkpoint_config": {{"num_to_keep": "2", "checkpoint_score_order": "MIN"}}}}}}}})",
        run_id, status_members);
  };
  const std::string ended = run("r1", R"("status": "FINISHED", "end_time_ns": "18")");
  const std::string left = run("r2", R"("status": "RUNNING")");
  const std::string attempt =
      R"({"run_id": "r1", "attempt_id": "a", "status": "FINISHED", "workers": [{"world_rank": 1, )"
      R"("actor_id": "Lsm0xvOEUp23bhHlAQAAAA==", "status": "ALIVE"}, 7]})";
  state.exported_train_rows = {{.run_id = "r1", .attempt_id = {}, .has_ended = true, .json = ended},
                               {.run_id = "r1", .attempt_id = "a", .has_ended = true, .json = attempt},
                               {.run_id = "r2", .attempt_id = {}, .has_ended = false, .json = left},
                               {.run_id = "r3", .attempt_id = "b", .has_ended = false, .json = attempt}};
  state.actors.resize(1);
  state.actors[0].actor_id = "2ec9b4c6f384529db76e11e501000000";
  state.actors[0].state = "DEAD";
  const auto at = [&](std::string_view place) { return json(list, "/train_runs/" + std::string(place)); };
  EXPECT_EQ(at("0/id"), "\"r1\"");
  EXPECT_EQ(at("0/job_id"), "\"01000000\"");
  EXPECT_EQ(at("0/end_time_ns"), "18");
  EXPECT_EQ(at("0/job_details"), "null");
  EXPECT_EQ(at("0/run_settings/scaling_config/num_workers"), "[1,4]");
  EXPECT_EQ(at("0/run_settings/scaling_config/bundle_label_selector"), R"([{"a":"b"},{}])");
  EXPECT_EQ(at("0/run_settings/backend_config/framework"), "\"torch\"");
  EXPECT_EQ(at("0/run_settings/data_config/datasets_to_split"), R"(["train"])");
  EXPECT_EQ(at("0/run_settings/run_config/checkpoint_config"),
            R"({"num_to_keep":2,"checkpoint_score_attribute":null,"checkpoint_score_order":"min"})");
  EXPECT_THAT(get(list).body, Not(HasSubstr("hush")));
  // Of a worker the actor's events say more than Train does.
  EXPECT_EQ(at("0/attempts/0/workers/0/status"), "\"DEAD\"");
  EXPECT_EQ(at("0/attempts/0/workers/1"), "nothing at /train_runs/0/attempts/0/workers/1");
  // Its controller died without saying so.
  EXPECT_EQ(at("1/status"), "\"ABORTED\"");
  EXPECT_EQ(at("1/end_time_ns"), "null");
  EXPECT_EQ(at("2"), "nothing at /train_runs/2");

  put("fetched_endpoints/restful__api__train__v2__runs__v1",
      R"({"train_runs": [{"id": "r2", "status": "ERRORED", "start_time_ns": 99},)"
      R"({"id": "r1", "status": "RUNNING", "start_time_ns": 17}]})");
  EXPECT_EQ(at("0"), R"({"id":"r2","status":"ERRORED","start_time_ns":99})");
  EXPECT_EQ(at("1/status"), "\"FINISHED\"");
}

TEST_F(DashboardApi, ShowsNoTimeOfAnExportedTrainRunThatIsNoNumber) {
  const auto start_of = [&](std::string_view text) {
    const std::string run = fmt::format(R"({{"id": "r", "status": "RUNNING", "start_time_ns": {}}})", text);
    state.exported_train_rows = {{.run_id = "r", .attempt_id = {}, .has_ended = false, .json = run}};
    return json("/api/train/v2/runs/v1", "/train_runs/0/start_time_ns");
  };
  EXPECT_EQ(start_of(R"("1796001087904865947")"), "1796001087904865947");
  EXPECT_EQ(start_of(R"("0017")"), "17");
  for (const std::string_view text :
       {R"("0")", R"("-5")", R"("18446744073709551616")", R"("1 2")", R"("1e3")", R"("x")", "null"})
    EXPECT_EQ(start_of(text), "null") << text;
}

TEST_F(DashboardApi, MasksTheEnvironmentOfFetchedTrainRuns) {
  put("fetched_endpoints/restful__api__train__v2__runs__v1",
      R"({"train_runs": [{"run_config": {"worker_runtime_env": {"env_vars": {"KEY": "hush"}}}}]})");
  EXPECT_EQ(json("/api/train/v2/runs/v1", "/train_runs/0/run_config/worker_runtime_env"),
            R"({"env_vars":{"KEY":"<redacted>"}})");
}

class OfAnEndedSession : public DashboardApi {
 protected:
  void SetUp() override {
    put("aa/logs/raylet.out", "x");
    state.last_seen = kStart + 7 * kSecond;
    state.attempts = {task("aa", "f", TaskStatus::running)};
    state.actors.resize(2);
    state.actors[0].actor_id = "a1";
    state.actors[0].state = "ALIVE";
    state.actors[1].actor_id = "a2";
    state.actors[1].state = "DEAD";
    state.jobs.resize(2);
    state.jobs[0].job_id = "01000000";
    state.jobs[1].job_id = "02000000";
    state.jobs[1].end_time = kStart;
    state.nodes.resize(2);
    state.nodes[0].node_id = "n1";
    state.nodes[1].node_id = "n2";
    state.nodes[1].is_alive = false;
  }

  // What is there of the field in each answer that has it.
  std::vector<std::string> found() {
    const std::string name = "/rayhistory_last_seen_ms";
    std::vector<std::string> found;
    for (const char* list : {"tasks", "tasks?detail=1", "actors", "jobs", "nodes"})
      found.push_back(json(std::string("/api/v0/") + list, "/data/result" + name));
    found.push_back(json("/api/jobs/", "/0" + name));
    found.push_back(json("/api/jobs/01000000", name));
    found.push_back(json("/logical/actors", "/data/actors/a1" + name));
    found.push_back(json("/logical/actors/a1", "/data/detail" + name));
    found.push_back(json("/nodes?view=summary", "/data/summary/0" + name));
    found.push_back(json("/nodes/n1", "/data/detail" + name));
    return found;
  }
};

TEST_F(OfAnEndedSession, WhatHasNoEndHasTheTimeOfTheLastThingSeen) {
  now = system_clock().unix_nanoseconds() + 360 * kSecond;
  EXPECT_THAT(found(), Each("1795404337000"));
  // What has an end has no need of it, and a row of the state API has Ray's own fields alone.
  for (const auto& [uri, place] :
       {std::pair("/api/jobs/", "/1"), std::pair("/logical/actors", "/data/actors/a2"),
        std::pair("/nodes?view=summary", "/data/summary/1"),
        std::pair("/api/v0/tasks", "/data/result/result/0"),
        std::pair("/api/v0/actors?detail=1", "/data/result/result/0")})
    EXPECT_THAT(json(uri, place), Not(HasSubstr("rayhistory"))) << uri;
}

TEST_F(OfAnEndedSession, NothingIsAddedWhileTheSessionMayRun) {
  now = system_clock().unix_nanoseconds() + 240 * kSecond;
  EXPECT_THAT(found(), Each(HasSubstr("nothing at")));
}

TEST_F(DashboardApi, ReadsBothKindsOfEventLogs) {
  put("aa/logs/events/event_RAYLET.log",
      R"({"custom_fields":{"job_id":"02000000"},"event_id":"e2","host_name":"vm","message":"a\\nb","pid":"350",)"
      R"("severity":"ERROR","source_type":"RAYLET","timestamp":20})"
      "\n");
  put("aa/logs/events/event_JOBS.log",
      R"({"event_id": "e1", "source_type": "JOBS", "source_pid": 388, "message": "first", "timestamp": "10",)"
      R"("custom_fields": {"submission_id": "x"}, "severity": "INFO", "label": ""})"
      "\nno event\n"
      R"({"event_id": "e1", "source_type": "JOBS", "message": "again", "timestamp": "10"})"
      "\n"
      R"({"event_id": "torn)");
  put("aa/logs/other.log", R"({"event_id": "e9", "message": "elsewhere"})");
  EXPECT_EQ(json("/events", "/data/events/02000000/0/message"), R"("a\nb")");
  EXPECT_EQ(json("/events", "/data/events/02000000/0/hostName"), R"("vm")");
  EXPECT_EQ(json("/events", "/data/events/global"),
            R"([{"eventId":"e1","sourceType":"JOBS","message":"again","timestamp":"10"}])");
  EXPECT_EQ(json("/events?job_id=01000000", "/data"), R"({"jobId":"01000000","events":[]})");
  EXPECT_EQ(json("/events?job_id=", "/data"), R"({"jobId":"","events":[]})");
  EXPECT_EQ(json("/api/v0/cluster_events", "/data/result/result/1/time"), R"("1970-01-01 00:00:20")");
  EXPECT_EQ(json("/api/v0/cluster_events?filter_keys=severity&filter_predicates=%3D&filter_values=error",
                 "/data/result/num_filtered"),
            "1");
  put("aa/logs/events/event_GCS.rotated.1795404330000000000-77.log",
      R"({"event_id": "e0", "message": "of a file that was rotated", "custom_fields": {"job_id": "03000000"}})");
  EXPECT_EQ(json("/events?job_id=03000000", "/data/events/0/eventId"), R"("e0")");
}

TEST_F(DashboardApi, FoldsWhatPlacementGroupsReserveIntoTheStatus) {
  state.nodes.resize(2);
  state.nodes[0].node_id = "aa";
  state.nodes[0].labels = {{"ray.io/node-group", "workers"}};
  state.nodes[1].node_id = "bb";
  state.nodes[1].is_alive = false;
  state.nodes[1].death_reason = "UNEXPECTED_TERMINATION";
  state.nodes[1].ip_address = "192.0.2.9";
  put("aa/logs/debug_state.txt",
      "NodeManager:\ncluster_resource_scheduler state: \nLocal id: 1 Local resources: "
      R"({"total":{CPU_group_0_01ab: [1000], CPU_group_01ab: [1000], CPU: [10000, 10000], )"
      R"(bundle_group_01ab: [10000000], node:192.0.2.2: [10000], accelerator_type:A100: [10000]}, )"
      R"("available": {CPU_group_0_01ab: [1000], CPU_group_01ab: [1000], CPU: [10000, 8000], )"
      R"(bundle_group_01ab: [10000000], node:192.0.2.2: [10000]}, "labels":{}} is_draining: 0 is_idle: 1)");
  state.attempts = {task("aa", "f", TaskStatus::pending_node_assignment),
                    task("bb", "g", TaskStatus::pending_node_assignment)};
  state.attempts[0].required_resources = {{"CPU", 100}};
  state.attempts[1].required_resources = {{"GPU", 1}};
  state.attempts[1].job_id = "03000000";
  state.jobs.emplace_back();
  state.jobs[0].job_id = "03000000";
  state.jobs[0].driver_end_time = kStart;
  EXPECT_EQ(
      json("/api/cluster_status?format=1", "/data/clusterStatus"),
      R"("======== Autoscaler status: 2026-11-23 03:25:19.402666 ========\nNode status\n)"
      R"(---------------------------------------------------------------\nActive:\n (no active nodes)\n)"
      R"(Idle:\n 1 workers\nPending:\n (not recorded)\nRecent failures:\n)"
      R"( node_bb: NodeTerminated (ip: 192.0.2.9)\n\nResources\n)"
      R"(---------------------------------------------------------------\nTotal Usage:\n)"
      R"( 0.09999999999999995/2.0 CPU (0.0 used of 0.1 reserved in placement groups)\n\n)"
      R"(From request_resources:\n (not recorded)\nPending Demands:\n)"
      R"( {'CPU': 100.0}: 1+ pending tasks/actors")");
  put("fetched_endpoints/restful__api__cluster_status?format=1", R"({"fetched": true})");
  EXPECT_EQ(get("/api/cluster_status?format=1").body, R"({"fetched": true})");
  EXPECT_EQ(json("/api/cluster_status", "/data/clusterStatus"), "null");
}

TEST_F(DashboardApi, NeverSaysNotFoundToWhatALiveDashboardKnows) {
  // Ray's dashboard in front of us would answer from a cluster of its own.
  for (const char* path : {"/api/prometheus/sd", "/test/dump", "/api/v0/delay/5", "/api/packages/gcs/x.zip",
                           "/api/train/v2/runs", "/api/train/v2/runs/v1", "/worker/jax_profile",
                           "/api/job_agent/jobs/x/logs", "/task/traceback"})
    EXPECT_EQ(get(path).status, 501) << path;
}

TEST_F(DashboardApi, SaysOfAnEnvironmentWhetherItWasMade) {
  state.attempts = {task("aa", "f", TaskStatus::failed), task("bb", "f", TaskStatus::failed),
                    task("cc", "f", TaskStatus::failed), task("dd", "f", TaskStatus::finished)};
  for (TaskAttempt& each : state.attempts) {
    each.node_id = "n1";
    each.serialized_runtime_env = R"({"pip": ["nothing"]})";
    each.error_type = "RUNTIME_ENV_SETUP_FAILED";
    each.error_message = "no pip";
  }
  for (const size_t on_another_node : {2, 3})
    state.attempts[on_another_node].node_id = "n2";
  EXPECT_EQ(json("/api/v0/runtime_envs?detail=1", "/data/result/result"),
            R"([{"runtime_env":{"pip":["nothing"]},"success":false,"creation_time_ms":null,"node_id":"n1",)"
            R"("ref_cnt":null,"error":"no pip"},)"
            R"({"runtime_env":{"pip":["nothing"]},"success":true,"creation_time_ms":null,"node_id":"n2",)"
            R"("ref_cnt":null,"error":null}])");
}

TEST_F(DashboardApi, TakesVersionAndMetadataFromWhatWasFetched) {
  EXPECT_EQ(json("/api/version", "/ray_version"), R"("2+unknown")");
  EXPECT_EQ(json("/api/v0/cluster_metadata", "/data/rayVersion"), "null");
  EXPECT_EQ(json("/timezone", "/value"), R"("")");
  put("fetched_endpoints/restful__api__v0__cluster_metadata",
      R"({"result": true, "msg": "", "data": {"rayVersion": "2.60.0"}})");
  EXPECT_EQ(json("/api/version", ""), R"({"version":"4","ray_version":"2.60.0","ray_commit":"",)"
                                      R"("session_name":"session_2026-11-23_03-25-19_402666_11"})");
}

TEST_F(DashboardApi, IsNeverChanged) {
  for (const std::string_view path : {"/api/jobs/", "/api/serve/applications/", "/anything"}) {
    const Response response = get(path, Method::other);
    EXPECT_EQ(response.status, 405);
    EXPECT_THAT(response.headers, testing::Contains(testing::Pair("Allow", "GET, HEAD")));
  }
}

TEST_F(DashboardApi, SaysNotFoundOnlyWhereTheLiveDashboardWould) {
  for (const std::string_view path : {"/api/v0/platform_events", "/api/v0/bogus", "/bogus"})
    EXPECT_EQ(get(path).status, 404) << path;
  for (const std::string_view path :
       {"/api/grafana_health", "/api/prometheus_health", "/worker/traceback", "/task/cpu_profile",
        "/memory_profile", "/api/train/v2/runs/v1", "/worker/anything", "/api/jobs/raysubmit_x/logs/tail"})
    EXPECT_EQ(get(path).status, 501) << path;
  for (const std::string_view path :
       {"/api/v0/objects", "/api/v0/objects/summarize", "/api/v0/runtime_env_redaction",
        "/api/profiling_enabled", "/api/authentication_mode", "/usage_stats_enabled", "/cluster_id",
        "/api/component_activities", "/api/serve/applications/", "/api/data/datasets/01000000",
        "/api/v0/tasks/timeline", "/api/v0/actors/summarize"})
    EXPECT_EQ(get(path).status, 200) << path;
}

TEST_F(DashboardApi, ShowsTheNewestPlatformEvents) {
  std::vector<std::string> events;
  events.reserve(1001);
  for (int i = 0; i < 1001; ++i) {
    events.push_back(fmt::format(
        R"({{"eventId": "{}", "severity": "WARNING", "platformEvent": {{"customFields": {{"pod_ip": "x"}}}}}})",
        i));
  }
  for (const std::string& event : events)
    state.platform_events.push_back({.event_id = {}, .time = 0, .json = event});
  state.platform_events[1].json = "no JSON";
  const Response response = get("/api/v0/platform_events");
  EXPECT_EQ(response.status, 200);
  simdjson::dom::parser parser;
  EXPECT_EQ(parser.parse(response.body)["data"]["events"].get_array().size(), 999u);
  EXPECT_EQ(json("/api/v0/platform_events", "/data/events/1"),
            R"({"eventId":"2","severity":"WARNING","platformEvent":{"customFields":{"podIp":"x"}}})");
}

// Of one event: what Ray 2.60's agent posts, and what its dashboard answers.
TEST_F(DashboardApi, ShowsAPlatformEventAsTheLiveDashboardDoes) {
  state.platform_events.push_back(
      {.event_id = "NmYzYw==",
       .time = kStart,
       .json = R"({"eventId": "NmYzYw==", "sourceType": "CLUSTER_LIFECYCLE", "eventType": "PLATFORM_EVENT", )"
               R"("timestamp": "2026-11-23T03:25:50Z", "severity": "WARNING", "message": "Stopping", )"
               R"("platformEvent": {"source": {"platform": "KUBERNETES", "component": "kubelet", )"
               R"("metadata": {"host_name": "node-1"}}, "objectKind": "Pod", "objectName": "full-head", )"
               R"("message": "Stopping", "reason": "Killing", "customFields": {}}, "sessionName": "", )"
               R"("nodeId": ""})"});
  EXPECT_EQ(
      get("/api/v0/platform_events").body,
      R"({"result": true, "msg": "Retrieved platform events", "data": {"events": [{"eventId": "NmYzYw==", )"
      R"("sourceType": "CLUSTER_LIFECYCLE", "eventType": "PLATFORM_EVENT", )"
      R"("timestamp": "2026-11-23T03:25:50Z", "severity": "WARNING", "message": "Stopping", )"
      R"("platformEvent": {"source": {"platform": "KUBERNETES", "component": "kubelet", )"
      R"("metadata": {"hostName": "node-1"}}, "objectKind": "Pod", "objectName": "full-head", )"
      R"("message": "Stopping", "reason": "Killing", "customFields": {}}, "sessionName": "", )"
      R"("nodeId": ""}]}})");
}

TEST_F(DashboardApi, NamesTheFileOfATimelineWithoutWhatTheClientMayPutThere) {
  const Response response = get("/api/v0/tasks/timeline?download=1&job_id=0%22%0d%0aX:1");
  EXPECT_THAT(response.headers, ElementsAre(testing::Pair(
                                    "Content-Disposition",
                                    "attachment; filename=\"timeline-0___X_1-2026-11-23_04-25-30.json\"")));
}

TEST_F(DashboardApi, SaysWhenTheStoreFails) {
  put("fetched_endpoints/restful__timezone", R"({"offset": "+01:00"})");
  auto listing = listed();
  StoredTexts texts(store, listing);
  const SessionView view{
      .state = state, .listing = *listing, .texts = texts, .now = 0, .deadline = Deadline::never()};
  store.fail_next(1, Error{ErrorKind::denied, "GET restful__timezone: 403"}, StoreCall::get);
  EXPECT_EQ(answer({.path = "/timezone", .query = {}}, view).status, 503);
  EXPECT_EQ(answer({.path = "/timezone", .query = {}}, view).body, R"({"offset": "+01:00"})");
  // Read once, and kept.
  store.fail_next(1, Error{ErrorKind::denied, "403"}, StoreCall::get);
  EXPECT_EQ(answer({.path = "/timezone", .query = {}}, view).status, 200);
}

}  // namespace
}  // namespace rayhistory::historyserver
