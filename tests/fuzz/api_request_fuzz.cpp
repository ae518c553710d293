// A path's end, a newline, a query: whatever is asked of a session, and whatever strange texts its events
// held, the answer has a known status, JSON is JSON, and no value of an environment variable is in it.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "base/check.h"
#include "historyserver/api/dashboard_api.h"
#include "historyserver/exchange/percent.h"
#include "question.h"
#include "testing/memory_store.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;

constexpr std::string_view kSecret = "hunter2";
constexpr std::string_view kEnvironment = R"({"env_vars": {"PASSWORD": "hunter2"}, "pip": ["a\u0000b"]})";
constexpr std::string_view kStrange = "\xff\xc0 \"\\\n\x1b[31m\x00 \xe2\x80\xa8 %2F";

const char* const kBases[] = {"/api/v0/", "/", "/api/", "/logical/actors/", "/api/jobs/"};

struct Session {
  Session() {
    const std::string prefix = "root/cluster-history/raycluster/ns/c/session_1/";
    store.set(
        prefix + "aa01/logs/events/event_GCS.log",
        R"({"event_id": "e", "timestamp": 1e300, "custom_fields": {"job_id": "01"}, "message": "\\n"})");
    store.set(prefix + "aa01/logs/debug_state.txt",
              "cluster_resource_scheduler state:\n\"total\":{CPU: [10000], } \"available\":{CPU: [x]}");
    store.set(
        prefix + "fetched_endpoints/restful__api__v0__placement_groups?detail=1&limit=10000",
        R"({"data": {"result": {"result": [{"name": null}, 7, {"placement_group_id": "p", "bundles": 1}]}}})");
    Result<SessionListing> listed = list_session(
        store,
        {.place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
         .name = *SessionName::parse("session_1"),
         .prefix = prefix},
        Deadline::never());
    listing = std::move(*listed);
    add_rows();
  }

  void add_rows() {
    Node node;
    node.node_id = "aa01";
    node.ip_address = kStrange;
    node.resources = {{"CPU", 1e308}, {"memory", -0.0}, {"CPU_group_0_p", 1}, {kStrange, 2}};
    state.nodes = {node};
    for (const TaskStatus status : {TaskStatus::failed, TaskStatus::running, TaskStatus::nil}) {
      TaskAttempt task;
      task.task_id = status == TaskStatus::nil ? "ffffffffffffffffacacacac01000000" : "01";
      task.attempt = static_cast<uint32_t>(status);
      task.status = status;
      task.type = status == TaskStatus::nil ? TaskType::actor_creation_task : TaskType::normal_task;
      task.has_definition = status != TaskStatus::running;
      task.name = kStrange;
      task.job_id = "01000000";
      task.actor_id = status == TaskStatus::nil ? "ac" : "";
      task.parent_task_id = task.task_id;  // its own
      task.node_id = "aa01";
      task.serialized_runtime_env = kEnvironment;
      task.error_type = "RUNTIME_ENV_SETUP_FAILED";
      task.error_message = kStrange;
      task.reached[static_cast<size_t>(status)] = INT64_MAX;
      task.profile_component_type = "worker";
      task.profile_component_id = kStrange;
      task.profile_events = {{}, {}};
      task.profile_events[0].name = kStrange;
      task.profile_events[0].extra_data = R"({"name": 7, "traceback": ")";
      state.attempts.push_back(task);
    }
    Actor actor;
    actor.actor_id = "ac";
    actor.name = kStrange;
    actor.serialized_runtime_env = kEnvironment.substr(0, 30);
    state.actors = {actor};
    Job job;
    job.submission_id = "sub";
    job.serialized_runtime_env = kEnvironment;
    job.metadata = {{kStrange, kStrange}};
    state.jobs = {job};
    Worker worker;
    worker.worker_id = kStrange;
    state.workers = {worker};
    state.platform_events = {{.event_id = "e", .time = 1, .json = R"({"a_b": {"c_d": [null, 1e308]}})"},
                             {.event_id = kStrange, .time = 0, .json = kStrange}};
  }

  MemoryStore store;
  SessionListing listing{.session = {.place = {.name_space = *DnsName::parse("ns"),
                                               .cluster = *DnsName::parse("c"),
                                               .owner = {}},
                                     .name = *SessionName::parse("session_1"),
                                     .prefix = ""},
                         .objects = {},
                         .chunked = {}};
  SessionState state;
};

bool is_known(int status) {
  for (const int known : {200, 400, 404, 405, 410, 500, 501, 503})
    if (status == known) return true;
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Session session;
  static StoredTexts texts(session.store, std::make_shared<const SessionListing>(session.listing));
  const Question question(data, size);
  const bool names_secret = percent_decoded(question.text).find(kSecret) != std::string::npos;
  for (const std::string_view base : kBases) {
    const Response response = answer(
        {.path = std::string(base) + std::string(question.path), .query = Query::parse(question.query)},
        {.state = session.state,
         .listing = session.listing,
         .texts = texts,
         .now = 1'795'404'330'000'000'000,
         .deadline = Deadline::never()});
    CHECK(is_known(response.status));
    // An answer may say what it was asked for.
    CHECK(names_secret || response.body.find(kSecret) == std::string::npos);
    check_headers(response);
    if (response.content_type.starts_with("application/json")) {
      simdjson::dom::parser parser;
      CHECK(parser.parse(response.body).error() == simdjson::SUCCESS);
    }
  }
  return 0;
}
