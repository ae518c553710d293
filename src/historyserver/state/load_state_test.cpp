#include "historyserver/state/load_state.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>
#include <zlib.h>

#include "store/local/local_folder_store.h"
#include "testing/memory_store.h"
#include "testing/recorded_session.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::dom::element;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kNode = "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607";
constexpr std::string_view kOtherNode = "0123456789abcdef0123456789abcdef0123456789abcdef01234567";
constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;

StoredSession session_of(std::string_view cluster, std::string_view name) {
  ClusterPlace place{
      .name_space = *DnsName::parse("default"), .cluster = *DnsName::parse(cluster), .owner = {}};
  const SessionName session = *SessionName::parse(name);
  const std::string prefix = ObjectKeys("", place).session_prefix(session);
  return {.place = std::move(place), .name = session, .prefix = prefix};
}

StoredSession recorded_session() {
  StoredSession session = session_of("full", "session_2026-11-23_03-25-19_402666_11");
  session.place.owner = Owner{OwnerKind::rayjob, *DnsName::parse("myjob")};
  session.prefix = ObjectKeys("", session.place).session_prefix(session.name);
  return session;
}

Result<std::shared_ptr<const SessionState>> load(Store& store, const StoredSession& session,
                                                 unsigned threads = 2) {
  auto listing = list_session(store, session, Deadline::never());
  if (!listing) return std::move(listing).error();
  return load_state(store, *listing, Deadline::never(), threads);
}

std::string gzip(std::string_view plain) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(::deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

template <typename Pairs>
std::string pairs_text(const Pairs& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs)
    text += fmt::format("{}={};", key, value);
  return text;
}

// All of a state, to compare two of them whole.
std::string text_of(const SessionState& state) {
  std::string text;
  for (const TaskAttempt& task : state.attempts) {
    text += fmt::format(
        "task {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", task.task_id,
        task.attempt, name_of(task.type), name_of(task.status), task.is_detached_actor, task.has_definition,
        task.name, task.func_or_class_name, task.language, task.job_id, task.actor_id, task.parent_task_id,
        task.placement_group_id, task.node_id, task.worker_id, task.worker_pid, task.serialized_runtime_env,
        task.call_site, pairs_text(task.required_resources), pairs_text(task.label_selector),
        task.fallback_strategy, fmt::join(task.reached, ","), task.error_type, task.error_message);
    text += fmt::format(" {} {} {} {} {} {} {} {} {}", task.stdout_file, task.stderr_file, task.stdout_start,
                        task.stdout_end, task.stderr_start, task.stderr_end, task.profile_component_type,
                        task.profile_component_id, task.profile_node_ip);
    for (const ProfileEvent& event : task.profile_events)
      text += fmt::format(" {} {} {} {}", event.name, event.start, event.end, event.extra_data);
    text += "\n";
  }
  for (const Actor& actor : state.actors) {
    text += fmt::format("actor {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", actor.actor_id,
                        actor.job_id, actor.name, actor.ray_namespace, actor.class_name, actor.repr_name,
                        actor.state, actor.node_id, actor.worker_id, actor.ip_address, actor.pid, actor.port,
                        actor.is_detached, actor.serialized_runtime_env, actor.start_time, actor.end_time,
                        actor.last_change, actor.exit_detail, actor.death_cause);
    for (const ActorTransition& change : actor.transitions)
      text += fmt::format(" {} {} {}", change.state, change.time, change.worker_id);
    text += "\n";
  }
  for (const Job& job : state.jobs) {
    text += fmt::format("job {} {} {} {} {} {} {} {} {}\n", job.job_id, job.submission_id, job.status,
                        job.entrypoint, job.driver_node_id, job.driver_pid, pairs_text(job.metadata),
                        job.start_time, job.end_time);
  }
  for (const Node& node : state.nodes) {
    text += fmt::format("node {} {} {} {} {} {}\n", node.node_id, node.ip_address, node.is_head,
                        pairs_text(node.resources), pairs_text(node.labels), node.start_time);
  }
  for (const Worker& worker : state.workers) {
    text +=
        fmt::format("worker {} {} {} {} {} {} {} {}\n", worker.worker_id, worker.node_id, worker.type,
                    worker.pid, worker.is_alive, worker.exit_type, worker.exit_detail, worker.end_time_ms);
  }
  return text;
}

// The events of a recorded session, one each, as Ray sent them.
std::vector<std::string> events_of(const RecordedSession& session) {
  std::vector<std::string> events;
  simdjson::dom::parser parser;
  for (const std::string& batch : session.event_batches()) {
    for (const element event : parser.parse(batch).get_array())
      events.push_back(simdjson::minify(event));
  }
  return events;
}

std::string key_of(const StoredSession& session, std::string_view node, std::string_view file) {
  return fmt::format("{}{}/job_events/02000000/{}-2026-11-23-03-{}", session.prefix, node, node, file);
}

std::string lines_of(const std::vector<std::string>& events) {
  std::string lines;
  for (const std::string& event : events)
    lines += event + "\n";
  return lines;
}

std::string id_text(element row, std::string_view key) {
  std::string_view text;
  return row[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

// A time of a live answer, in ms; 0 where it is null.
double number(element row, std::string_view key) {
  double value = 0;
  return row[key].get(value) == simdjson::SUCCESS ? value : 0;
}

double milliseconds(UnixNanoseconds time) {
  const int64_t whole = time / kNanosecondsPerMillisecond;
  return static_cast<double>(whole);
}

using AttemptKey = std::pair<std::string, uint32_t>;

std::map<AttemptKey, const TaskAttempt*> by_key(const SessionState& state) {
  std::map<AttemptKey, const TaskAttempt*> attempts;
  for (const TaskAttempt& attempt : state.attempts)
    attempts[{std::string(attempt.task_id), attempt.attempt}] = &attempt;
  return attempts;
}

class RecordedState : public testing::Test {
 protected:
  void SetUp() override {
    LocalFolderStore store(recorded_.bucket(), system_clock());
    auto loaded = load(store, recorded_session());
    ASSERT_TRUE(loaded) << loaded.error().message;
    state_ = *loaded;
  }

  element rows_of(std::string_view request) {
    body_ = recorded_.answer(request).body;
    return parser_.parse(body_)["data"]["result"]["result"];
  }

  RecordedSession recorded_ = RecordedSession::complete();
  std::shared_ptr<const SessionState> state_;
  simdjson::dom::parser parser_;
  std::string body_;
};

TEST_F(RecordedState, HasEachAttemptAsTheLiveDashboardHadIt) {
  const auto attempts = by_key(*state_);
  std::set<AttemptKey> live;
  for (const element row : rows_of("/api/v0/tasks?detail=1&limit=10000&exclude_driver=false").get_array()) {
    const AttemptKey key{id_text(row, "task_id"), static_cast<uint32_t>(number(row, "attempt_number"))};
    SCOPED_TRACE(key.first + " " + std::to_string(key.second));
    live.insert(key);
    ASSERT_TRUE(attempts.contains(key));
    const TaskAttempt& ours = *attempts.at(key);
    EXPECT_EQ(ours.name, id_text(row, "name"));
    EXPECT_EQ(name_of(ours.status), id_text(row, "state"));
    EXPECT_EQ(name_of(ours.type), id_text(row, "type"));
    EXPECT_EQ(ours.func_or_class_name, id_text(row, "func_or_class_name"));
    EXPECT_EQ(ours.job_id, id_text(row, "job_id"));
    EXPECT_EQ(ours.actor_id, id_text(row, "actor_id"));
    EXPECT_EQ(ours.parent_task_id, id_text(row, "parent_task_id"));
    EXPECT_EQ(ours.node_id, id_text(row, "node_id"));
    EXPECT_EQ(ours.worker_id, id_text(row, "worker_id"));
    EXPECT_EQ(ours.worker_pid, number(row, "worker_pid"));
    EXPECT_EQ(ours.error_type, id_text(row, "error_type"));
    EXPECT_EQ(ours.error_message, id_text(row, "error_message"));
    EXPECT_EQ(ours.language, id_text(row, "language"));
    EXPECT_EQ(ours.placement_group_id, id_text(row, "placement_group_id"));
    EXPECT_EQ(milliseconds(ours.time_of(TaskStatus::pending_args_avail)), number(row, "creation_time_ms"));
    EXPECT_EQ(milliseconds(ours.time_of(TaskStatus::running)), number(row, "start_time_ms"));
    EXPECT_EQ(milliseconds(ours.end_time()), number(row, "end_time_ms"));
    if (element log; row["task_log_info"].get(log) == simdjson::SUCCESS && log.is_object()) {
      EXPECT_EQ(ours.stdout_file, id_text(log, "stdout_file"));
      EXPECT_EQ(static_cast<double>(ours.stdout_start), number(log, "stdout_start"));
      EXPECT_EQ(static_cast<double>(ours.stdout_end), number(log, "stdout_end"));
      EXPECT_EQ(static_cast<double>(ours.stderr_end), number(log, "stderr_end"));
    } else {
      EXPECT_EQ(ours.stdout_file, "");
    }
    size_t events = 0;
    if (simdjson::dom::array profile; row["profiling_data"]["events"].get(profile) == simdjson::SUCCESS) {
      for (const element event : profile) {
        ASSERT_LT(events, ours.profile_events.size());
        EXPECT_EQ(ours.profile_events[events].name, id_text(event, "event_name"));
        EXPECT_NEAR(static_cast<double>(ours.profile_events[events].end) / 1e6, number(event, "end_time"),
                    0.001);
        ++events;
      }
    }
    // That of the dashboard's own driver went on after it was asked.
    EXPECT_GE(ours.profile_events.size(), events);
    const bool went_on = ours.job_id == "05000000" && ours.type == TaskType::driver_task;
    EXPECT_TRUE(went_on || ours.profile_events.size() == events);
  }
  // Live hides the attempts that were not announced; we know what they are by the others. And one task came
  // after it was asked.
  std::vector<std::string> more;
  for (const auto& [key, attempt] : attempts) {
    if (!live.contains(key)) {
      more.push_back(fmt::format("{} {} {}", attempt->name, key.second, name_of(attempt->status)));
    }
  }
  EXPECT_THAT(more,
              testing::ElementsAre("_StatsActor.get_datasets 0 FINISHED", "counter:A.__init__ 1 FINISHED"));
}

TEST_F(RecordedState, HasActors) {
  const element rows = rows_of("/api/v0/actors?detail=1&limit=10000");
  EXPECT_EQ(state_->actors.size(), rows.get_array().size());
  for (const element row : rows.get_array()) {
    const Actor* const ours = state_->find_actor(id_text(row, "actor_id"));
    ASSERT_NE(ours, nullptr);
    SCOPED_TRACE(ours->actor_id);
    const std::string restarts = std::to_string(ours->restarts);
    for (const auto& [key, value] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"class_name", ours->class_name},
             {"state", ours->state},
             {"job_id", ours->job_id},
             {"name", ours->name},
             {"node_id", ours->node_id},
             {"ray_namespace", ours->ray_namespace},
             {"serialized_runtime_env", ours->serialized_runtime_env},
             {"repr_name", ours->repr_name},
             {"num_restarts", restarts},
         })
      EXPECT_EQ(value, id_text(row, key)) << key;
    EXPECT_EQ(ours->pid, number(row, "pid"));
    if (element died; row["death_cause"]["actor_died_error_context"].get(died) == simdjson::SUCCESS) {
      simdjson::dom::parser parser;
      const std::string cause(ours->death_cause);
      const element shown = parser.parse(cause)["actor_died_error_context"];
      for (const auto& [key, value] : died.get_object())
        EXPECT_EQ(simdjson::minify(shown[key].value()), simdjson::minify(value)) << key;
      EXPECT_EQ(ours->exit_detail, id_text(died, "error_message"));
    }
  }
  simdjson::dom::parser parser;
  const std::string body = recorded_.answer("/logical/actors").body;
  for (const auto& [id, row] : parser.parse(body)["data"]["actors"].get_object()) {
    const Actor* const ours = state_->find_actor(id);
    ASSERT_NE(ours, nullptr);
    SCOPED_TRACE(id);
    EXPECT_NEAR(milliseconds(ours->start_time), number(row, "startTime"), 1);
    EXPECT_NEAR(milliseconds(ours->end_time), number(row, "endTime"), 1);
    EXPECT_NEAR(milliseconds(ours->last_change), number(row, "timestamp"), 1);
    EXPECT_EQ(ours->port, number(row["address"], "port"));
    EXPECT_EQ(ours->ip_address, id_text(row["address"], "ipAddress"));
    EXPECT_EQ(ours->worker_id, id_text(row["address"], "workerId"));
    EXPECT_EQ(ours->exit_detail.empty() ? "-" : ours->exit_detail, id_text(row, "exitDetail"));
  }
}

TEST_F(RecordedState, HasWorkersAndNodes) {
  size_t workers = 0;
  for (const element row : rows_of("/api/v0/workers?detail=1&limit=10000").get_array()) {
    if (id_text(row, "worker_type") != "WORKER") continue;
    ++workers;
    const std::string id = id_text(row, "worker_id");
    const auto ours = std::find_if(state_->workers.begin(), state_->workers.end(),
                                   [&](const Worker& worker) { return worker.worker_id == id; });
    ASSERT_NE(ours, state_->workers.end());
    EXPECT_EQ(ours->is_alive, row["is_alive"].get_bool().value());
    EXPECT_EQ(ours->exit_type, id_text(row, "exit_type"));
    EXPECT_EQ(ours->exit_detail, id_text(row, "exit_detail"));
    EXPECT_EQ(ours->ip_address, id_text(row, "ip"));
    EXPECT_EQ(ours->pid, number(row, "pid"));
    EXPECT_EQ(ours->launch_time_ms, number(row, "worker_launch_time_ms"));
    EXPECT_EQ(ours->start_time_ms, number(row, "start_time_ms"));
    EXPECT_EQ(ours->end_time_ms, number(row, "end_time_ms"));
  }
  EXPECT_EQ(state_->workers.size(), workers);

  ASSERT_EQ(state_->nodes.size(), 1);
  const Node& node = state_->nodes.front();
  EXPECT_EQ(node.node_id, kNode);
  EXPECT_TRUE(node.is_head);
  EXPECT_TRUE(node.is_alive);
  EXPECT_EQ(node.host_name, "vm");
  EXPECT_EQ(node.ip_address, "192.0.2.2");
  EXPECT_EQ(milliseconds(node.start_time), 1795404323215.0);
  EXPECT_EQ(node.alive_sub_state, "");
}

TEST_F(RecordedState, HasJobs) {
  const auto text = [](const Job& job) {
    return fmt::format("{}|{}|{}|{}|{}|{}", job.job_id, job.submission_id, job.status, job.driver_node_ip,
                       job.driver_pid, job.driver_node_id == kNode);
  };
  std::vector<std::string> jobs;
  for (const Job& job : state_->jobs)
    jobs.push_back(text(job));
  EXPECT_THAT(jobs,
              testing::ElementsAre("|raysubmit_bad|FAILED||0|true", "02000000||SUCCEEDED|192.0.2.2|549|true",
                                   "04000000|raysubmit_ok|SUCCEEDED|192.0.2.2|1260|true"));
  EXPECT_EQ(milliseconds(state_->jobs[1].start_time), 1795404330294.0);
  EXPECT_EQ(milliseconds(state_->jobs[1].end_time), 1795404348070.0);
  EXPECT_EQ(state_->jobs[2].metadata, (TextMap{{"team", "x"}}));
  for (const element row : parser_.parse(recorded_.answer("/api/jobs/").body).get_array()) {
    const auto ours = std::find_if(state_->jobs.begin(), state_->jobs.end(), [&](const Job& job) {
      return job.submission_id == id_text(row, "submission_id");
    });
    ASSERT_NE(ours, state_->jobs.end());
    EXPECT_EQ(ours->entrypoint, id_text(row, "entrypoint"));
  }
}

TEST_F(RecordedState, TakesFromTheFetchedJobsWhatEventsDoNotSay) {
  const StoredSession session = recorded_session();
  MemoryStore store;
  store.set(key_of(session, kNode, "1.jsonl"), lines_of(events_of(recorded_)));
  const std::string body = recorded_.answer("/api/jobs/").body;
  store.set(session.prefix + "fetched_endpoints/restful__api__jobs", body);
  const auto state = load(store, session);
  ASSERT_TRUE(state);
  std::map<std::string, element> live;
  for (const element row : parser_.parse(body).get_array())
    live.emplace(id_text(row, "submission_id") + id_text(row, "job_id"), row);
  ASSERT_EQ((*state)->jobs.size(), live.size());
  for (const Job& job : (*state)->jobs) {
    const std::string key = std::string(job.submission_id) + std::string(job.job_id);
    SCOPED_TRACE(key);
    ASSERT_TRUE(live.contains(key));
    const element row = live.at(key);
    EXPECT_EQ(job.status, id_text(row, "status"));
    EXPECT_EQ(job.message, id_text(row, "message"));
    EXPECT_EQ(job.error_type, id_text(row, "error_type"));
    EXPECT_EQ(job.entrypoint, id_text(row, "entrypoint"));
    EXPECT_EQ(milliseconds(job.start_time), number(row, "start_time"));
    EXPECT_EQ(milliseconds(job.end_time), number(row, "end_time"));
    EXPECT_EQ(job.driver_exit_code.has_value(), !row["driver_exit_code"].is_null());
  }
}

// Contract: order between lines, files and nodes means nothing, and events repeat.
TEST(LoadState, IsTheSameInAnyOrderAndForm) {
  const RecordedSession recorded = RecordedSession::complete();
  const std::vector<std::string> events = events_of(recorded);
  const StoredSession session = recorded_session();
  MemoryStore plain;
  plain.set(key_of(session, kNode, "1.jsonl"), lines_of(events));
  const auto expected = load(plain, session, 1);
  ASSERT_TRUE(expected);
  const std::string expected_text = text_of(**expected);

  for (const unsigned seed : {1U, 2U, 3U}) {
    std::mt19937 random(seed);
    std::vector<std::string> mixed = events;
    for (size_t i = 0; i < events.size() * 3 / 10; ++i)
      mixed.push_back(events[random() % events.size()]);
    std::shuffle(mixed.begin(), mixed.end(), random);
    std::array<std::string, 6> files;
    for (const std::string& event : mixed) {
      std::string& file = files[random() % files.size()];
      if (&file == &files[2]) file += file.empty() ? "[" : ",";
      file += event + (random() % 2 == 0 ? "\n" : "\r\n");
    }
    files[2] += "]";
    files[3] += R"({"eventType": "TASK_LIFECYCLE_EVENT", "taskLifecycleEvent": {"taskId": "AAAA)";
    files[4].insert(0,
                    "not an event\n{\"eventType\": \"OF_TOMORROW\", \"ofTomorrowEvent\": {\"a\": [1]}}\n\n");
    MemoryStore store;
    store.set(key_of(session, kNode, "1.jsonl"), files[0]);
    store.set(key_of(session, kNode, "2.jsonl.gz"), gzip(files[1]));
    store.set(key_of(session, kNode, "3.jsonl"), files[2]);
    store.set(key_of(session, kOtherNode, "4.jsonl"), files[3]);
    store.set(key_of(session, kOtherNode, "5.gz"), gzip(files[4]));
    store.set(fmt::format("{}{}/node_events/{}-2026-11-23-03", session.prefix, kOtherNode, kOtherNode),
              files[5]);
    const auto state = load(store, session, 4);
    ASSERT_TRUE(state);
    EXPECT_EQ(text_of(**state), expected_text);
  }
}

// Session A, in which drivers sent nothing: the rates that are known to be possible.
TEST(LoadState, TellsFromWorkersAloneWhatBecameOfTasks) {
  const RecordedSession recorded = RecordedSession::driver_silent();
  const StoredSession session = session_of("a", "session_2026-11-23_02-27-20_324908_14170");
  MemoryStore store;
  store.set(key_of(session, kNode, "1.jsonl"), lines_of(events_of(recorded)));
  const auto loaded = load(store, session);
  ASSERT_TRUE(loaded);
  const auto attempts = by_key(**loaded);

  simdjson::dom::parser parser;
  const std::string body = recorded.body_of("api__v0__tasks?detail=1&limit=10000");
  std::map<std::string, int> right;
  int rows = 0;
  for (const element row : parser.parse(body)["data"]["result"]["result"].get_array()) {
    ++rows;
    const auto found =
        attempts.find({id_text(row, "task_id"), static_cast<uint32_t>(number(row, "attempt_number"))});
    if (found == attempts.end()) continue;
    const TaskAttempt& ours = *found->second;
    const std::string state = id_text(row, "state");
    const bool is_terminal = state == "FINISHED" || state == "FAILED";
    right["name"] += ours.name == id_text(row, "name");
    right["function"] += ours.func_or_class_name == id_text(row, "func_or_class_name");
    right["type"] += name_of(ours.type) == id_text(row, "type");
    right["actor"] += ours.actor_id == id_text(row, "actor_id");
    right["failed"] += (ours.status == TaskStatus::failed) == (state == "FAILED");
    right["terminal"] += (ours.end_time() != 0) == is_terminal;
    right["error type"] += ours.error_type == id_text(row, "error_type");
    right["end"] += std::abs(milliseconds(ours.end_time()) - number(row, "end_time_ms")) <= 5;
    right["worker"] += ours.worker_id == id_text(row, "worker_id");
    right["node"] += ours.node_id == id_text(row, "node_id");
    right["pid"] += static_cast<double>(ours.worker_pid) == number(row, "worker_pid");
    right["log"] += ours.stdout_file ==
                    (row["task_log_info"].is_null() ? "" : id_text(row["task_log_info"], "stdout_file"));
  }
  EXPECT_EQ(rows, 2265);
  const std::map<std::string, int> least = {{"name", 2264},       {"function", 2264}, {"type", 2264},
                                            {"actor", 2264},      {"failed", 2264},   {"terminal", 2264},
                                            {"error type", 2264}, {"end", 2253},      {"worker", 2259},
                                            {"node", 2259},       {"pid", 2259},      {"log", 2259}};
  for (const auto& [what, count] : least)
    EXPECT_GE(right[what], count) << what;
  for (const TaskAttempt& attempt : (*loaded)->attempts)
    EXPECT_TRUE(attempt.end_time() != 0 || attempt.type == TaskType::driver_task) << attempt.task_id;
}

// Ray 2.60 sends these where RAY_DASHBOARD_INGEST_PLATFORM_EVENTS is set.
TEST(LoadState, HasEachPlatformEventAsItWasSaidLast) {
  const StoredSession session = recorded_session();
  const auto event = [](std::string_view id, int second, std::string_view message) {
    return fmt::format(
        R"({{"eventId":"{}","eventType":"PLATFORM_EVENT","timestamp":"2026-11-23T03:26:{:02}Z",)"
        R"("platformEvent":{{"objectKind":"Pod","message":"{}"}}}})",
        id, second, message);
  };
  const std::vector<std::string> said = {event("b2xk", 1, "pulled"), event("bmV3", 3, "killed once"),
                                         event("bmV3", 4, "killed twice"), event("b2xk", 1, "pulled")};
  for (const bool is_reversed : {false, true}) {
    std::vector<std::string> events = said;
    if (is_reversed) std::reverse(events.begin(), events.end());
    MemoryStore store;
    store.set(fmt::format("{}{}/node_events/{}-2026-11-23-03", session.prefix, kNode, kNode),
              lines_of(events));
    const auto state = load(store, session);
    ASSERT_TRUE(state);
    ASSERT_EQ((*state)->platform_events.size(), 2u);
    EXPECT_EQ((*state)->platform_events[0].json, said[2]);
    EXPECT_EQ((*state)->platform_events[1].json, said[0]);
  }
}

// A state of these events alone.
std::shared_ptr<const SessionState> state_of(const std::vector<std::string>& events) {
  const StoredSession session = recorded_session();
  MemoryStore store;
  store.set(key_of(session, kNode, "1.jsonl"), lines_of(events));
  auto state = load(store, session);
  EXPECT_TRUE(state);
  return *state;
}

// A task of job 02000000 that began to run at 03:26:00 on a worker and a node, IDs of one digit repeated.
std::string running_task(char id, char worker, char node) {
  return fmt::format(
      R"({{"taskLifecycleEvent": {{"taskId": "{}ffffffffffffffffffffffff02000000", "jobId": "02000000", )"
      R"("workerId": "{}", "nodeId": "{}", "stateTransitions": [{{"state": "RUNNING", )"
      R"("timestamp": "2026-11-23T03:26:00Z"}}]}}}})",
      std::string(16, id), std::string(56, worker), std::string(56, node));
}

// A tenant can write any number there.
TEST(LoadState, TakesATimeBeyondNanosecondsForUnknown) {
  const std::string worker_died =
      fmt::format(R"({{"workerLifecycleEvent": {{"workerId": "{}", "stateTransitions": [{{"state": "DEAD", )"
                  R"("startTimeMs": "9223372036854775807", "endTimeMs": "9223372036854775807"}}]}}}})",
                  std::string(56, 'a'));
  const auto state = state_of({running_task('1', 'a', 'c'), worker_died});
  ASSERT_EQ(state->attempts.size(), 1u);
  EXPECT_EQ(state->attempts.front().end_time(), 0);
  EXPECT_EQ(name_of(state->attempts.front().status), "RUNNING");
}

// What GCS marks without an event, or would if it still could.
TEST(LoadState, EndsTasksWithTheirWorkerOrTheirJobOrTheirNode) {
  const std::string worker_died = fmt::format(
      R"({{"workerLifecycleEvent": {{"workerId": "{}", "stateTransitions": [{{"state": "DEAD", )"
      R"("endTimeMs": "1795404361000", "deathInfo": {{"exitType": "SYSTEM_ERROR", "exitDetail": "gone"}}}}]}}}})",
      std::string(56, 'a'));
  const std::string job_ended =
      R"({"driverJobLifecycleEvent": {"jobId": "02000000", "stateTransitions": [{"state": "FINISHED", )"
      R"("timestamp": "2026-11-23T03:26:02Z"}]}})";
  const std::string node_died = fmt::format(
      R"({{"nodeLifecycleEvent": {{"nodeId": "{}", "stateTransitions": [{{"state": "DEAD", "timestamp": )"
      R"("2026-11-23T03:26:03Z", "deathInfo": {{"reason": "UNEXPECTED_TERMINATION", "reasonMessage": "oom"}}}}]}}}})",
      std::string(56, 'd'));
  const auto ends_of = [](const std::vector<std::string>& events) {
    std::vector<std::string> ends;
    const auto state = state_of(events);
    for (const TaskAttempt& task : state->attempts) {
      ends.push_back(fmt::format("{} {} {}: {}", name_of(task.status), milliseconds(task.end_time()),
                                 task.error_type, task.error_message));
    }
    return ends;
  };
  const std::string of_worker = fmt::format(
      "FAILED 1795404361000 WORKER_DIED: Worker running the task ({}) died with exit_type: SYSTEM_ERROR with "
      "error_message: gone",
      std::string(56, 'a'));
  const std::vector<std::string> tasks = {running_task('1', 'a', 'c'), running_task('2', 'b', 'd')};
  auto events = tasks;
  EXPECT_THAT(ends_of(events), testing::ElementsAre("RUNNING 0 : ", "RUNNING 0 : "));
  events.insert(events.end(), {worker_died, node_died});
  EXPECT_THAT(
      ends_of(events),
      testing::ElementsAre(of_worker, fmt::format("FAILED 1795404363000 NODE_DIED: Node running the task "
                                                  "({}) died: Unexpected termination: oom",
                                                  std::string(56, 'd'))));
  // Whichever came first.
  events.push_back(job_ended);
  EXPECT_THAT(
      ends_of(events),
      testing::ElementsAre(of_worker,
                           "FAILED 1795404362000 WORKER_DIED: Job finishes (02000000) as driver exits. "
                           "Marking all non-terminal tasks as failed."));
}

// Ray has these since 2.60, and sends them later than that.
TEST(LoadState, TakesASubmissionFromItsOwnEvents) {
  const std::string definition =
      R"({"submissionJobDefinitionEvent": {"submissionId": "s", "entrypoint": "sh -c 'a\nb'", "config": )"
      R"({"serializedRuntimeEnv": "{}", "metadata": {"team": "x", "job_submission_id": "s"}}}})";
  const auto change = [](std::string_view state, int second, std::string_view more) {
    return fmt::format(
        R"({{"submissionJobLifecycleEvent": {{"submissionId": "s", "stateTransitions": [{{"state": "{}", )"
        R"("timestamp": "2026-11-23T03:26:{:02}Z"{}}}]}}}})",
        state, second, more);
  };
  const std::vector<std::string> events = {
      change("FAILED", 3,
             R"(, "message": "exit 3", "errorType": "JOB_ENTRYPOINT_COMMAND_ERROR", "driverExitCode": 3)"),
      change("RUNNING", 2, R"(, "driverAgentHttpAddress": "http://192.0.2.2:52365")"), definition,
      change("PENDING", 1, R"(, "message": "waits")")};
  const auto state = state_of(events);
  ASSERT_EQ(state->jobs.size(), 1u);
  const Job& job = state->jobs.front();
  EXPECT_EQ(
      fmt::format("{} {} {} {} {} {} {} {}", job.submission_id, job.status, job.message, job.error_type,
                  job.driver_exit_code.value_or(0), job.driver_agent_http_address,
                  milliseconds(job.start_time), milliseconds(job.end_time)),
      "s FAILED exit 3 JOB_ENTRYPOINT_COMMAND_ERROR 3 http://192.0.2.2:52365 1795404361000 1795404363000");
  EXPECT_EQ(job.entrypoint, "sh -c 'a\nb'");
  EXPECT_EQ(job.metadata, (TextMap{{"team", "x"}}));
}

// As Ray 2.57 sends it, in two pieces: what it does not know is empty or 0.
TEST(LoadState, TakesAnEndOfOutputThatRayDoesNotKnowYetForUnknown) {
  const auto log_info = [](std::string_view members) {
    return fmt::format(
        R"({{"taskLifecycleEvent": {{"taskId": "{}", "taskLogInfo": {{{}}}, )"
        R"("stateTransitions": [{{"state": "RUNNING", "timestamp": "2026-11-23T03:26:01Z"}}]}}}})",
        std::string(48, '1'), members);
  };
  const std::string begin =
      log_info(R"("stdoutFile": "w.out", "stderrFile": "w.err", "stdoutStart": "96", "stderrStart": "86", )"
               R"("stdoutEnd": "0", "stderrEnd": "0")");
  const std::string end = log_info(
      R"("stdoutEnd": "120", "stderrEnd": "86", "stdoutFile": "", "stderrFile": "", "stdoutStart": "0", )"
      R"("stderrStart": "0")");
  const auto range = [](const SessionState& state) {
    const TaskAttempt& task = state.attempts.at(0);
    return fmt::format("{} {} {} {} {} {}", task.stdout_file, task.stdout_start, task.stdout_end,
                       task.stderr_file, task.stderr_start, task.stderr_end);
  };
  EXPECT_EQ(range(*state_of({begin})), "w.out 96 -1 w.err 86 -1");
  EXPECT_EQ(range(*state_of({begin, end})), "w.out 96 120 w.err 86 86");
  EXPECT_EQ(range(*state_of({end, begin})), "w.out 96 120 w.err 86 86");
}

TEST(LoadState, CountsWhyAnActorRestarted) {
  const auto change = [](std::string_view state, int second, std::string_view more) {
    return fmt::format(R"({{"state": "{}", "timestamp": "2026-11-23T03:26:{:02}Z"{}}})", state, second, more);
  };
  const auto state = state_of({fmt::format(
      R"({{"actorLifecycleEvent": {{"actorId": "{}02000000", "stateTransitions": [{}, {}, {}, {}, {}, {}]}}}})",
      std::string(24, '1'), change("ALIVE", 1, R"(, "pid": 7, "port": 70)"),
      change("RESTARTING", 2, R"(, "restartReason": "ACTOR_FAILURE")"),
      change("ALIVE", 3, R"(, "pid": 8, "port": 80)"),
      change("RESTARTING", 4, R"(, "restartReason": "NODE_PREEMPTION")"),
      change("RESTARTING", 5, R"(, "restartReason": "LINEAGE_RECONSTRUCTION")"), change("DEAD", 6, ""))});
  ASSERT_EQ(state->actors.size(), 1u);
  const Actor& actor = state->actors.front();
  EXPECT_EQ(fmt::format("{} {} {} {}", actor.state, actor.restarts, actor.restarts_by_node_preemption,
                        actor.restarts_by_lineage_reconstruction),
            "DEAD 3 1 1");
  EXPECT_EQ(fmt::format("{} {}", actor.pid, actor.port), "8 80");
  EXPECT_EQ(milliseconds(actor.start_time), 1795404361000.0);
  EXPECT_EQ(milliseconds(actor.end_time), 1795404366000.0);
}

TEST(LoadState, TakesTheFolderOfTheSessionFromARayletsLog) {
  const StoredSession session = recorded_session();
  const std::string folder = "/tmp/ray/" + session.name.str();
  const auto folder_with = [&](const std::string& lines_before) {
    MemoryStore store;
    store.set(
        fmt::format("{}{}/logs/raylet.out", session.prefix, kNode),
        fmt::format(
            "{}(raylet) store_runner.cc:66: Starting object store with directory /dev/shm, fallback {}, "
            "and huge page support disabled\n",
            lines_before, folder));
    const auto state = load(store, session);
    EXPECT_TRUE(state);
    return (*state)->folder;
  };
  EXPECT_EQ(folder_with(""), folder);
  EXPECT_EQ(folder_with("one line\n"), folder);
  EXPECT_EQ(folder_with(std::string(20'000, 'x') + "\n"), "");
}

TEST(LoadState, LoadsASessionWhoseRayletsLogIsGone) {
  const StoredSession session = recorded_session();
  MemoryStore store;
  store.set(key_of(session, kNode, "1.jsonl"), lines_of(events_of(RecordedSession::complete())));
  const auto before = load(store, session);
  ASSERT_TRUE(before);
  ASSERT_EQ((*before)->partial_failure, "");

  store.set(fmt::format("{}{}/logs/raylet.out", session.prefix, kNode), "it is listed, and then deleted");
  const auto listing = list_session(store, session, Deadline::never());
  ASSERT_TRUE(listing);
  MemoryStore without;
  without.set(key_of(session, kNode, "1.jsonl"), lines_of(events_of(RecordedSession::complete())));
  const auto after = load_state(without, *listing, Deadline::never(), 2);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ((*after)->partial_failure, "");
  EXPECT_EQ((*after)->attempts.size(), (*before)->attempts.size());
  EXPECT_EQ((*after)->folder, "");
}

// Ray before 2.55 sends no process ID of an actor.
TEST(LoadState, TakesAnActorsProcessIdFromATaskOfItsWorker) {
  const std::string worker(56, 'a');
  const std::string before(56, 'b');
  const auto actor = [](char id, std::string_view lives_in) {
    return fmt::format(
        R"({{"actorLifecycleEvent": {{"actorId": "{}02000000", "stateTransitions": [)"
        R"({{"state": "ALIVE", "timestamp": "2026-11-23T03:26:01Z", "workerId": "{}", "pid": 0}}]}}}})",
        std::string(24, id), lives_in);
  };
  const auto task = [](char id, std::string_view worker_id, int pid) {
    return fmt::format(
        R"({{"taskLifecycleEvent": {{"taskId": "{}", "workerId": "{}", "workerPid": {}, "stateTransitions": [)"
        R"({{"state": "RUNNING", "timestamp": "2026-11-23T03:26:02Z"}}]}}}})",
        std::string(48, id), worker_id, pid);
  };
  // The owner of a creation task names no worker; the profile of the worker that ran it does.
  const auto definition = [](char id) {
    return fmt::format(
        R"({{"taskDefinitionEvent": {{"taskId": "{}", "taskType": "ACTOR_CREATION_TASK", "taskName": "f"}}}})",
        std::string(48, id));
  };
  const auto profile = [](char id, std::string_view component, std::string_view component_id) {
    return fmt::format(R"({{"taskProfileEvents": {{"taskId": "{}", "attemptNumber": 0, "profileEvents": {{)"
                       R"("componentType": "{}", "componentId": "{}", "events": []}}}}}})",
                       std::string(48, id), component, component_id);
  };
  const auto pid = [](const std::vector<std::string>& events) {
    const auto state = state_of(events);
    return state->actors.at(0).pid;
  };
  EXPECT_EQ(pid({actor('1', worker), task('1', before, 7), task('2', worker, 8)}), 8);
  EXPECT_EQ(pid({task('2', worker, 8), actor('1', worker)}), 8);
  EXPECT_EQ(pid({actor('1', worker), task('1', "", 8), profile('1', "worker", worker)}), 8);
  EXPECT_EQ(pid({actor('1', worker), definition('1'), task('1', "", 8), profile('1', "worker", worker)}), 8);
  EXPECT_EQ(pid({actor('1', worker), task('1', "", 8), profile('1', "driver", worker)}), 0);
  EXPECT_EQ(pid({actor('1', worker), task('1', before, 7)}), 0);
  EXPECT_EQ(pid({actor('1', ""), task('1', "", 7)}), 0);
}

// Ray before 2.54 sends no name of a node, and its dashboard shows the address.
TEST(LoadState, NamesANodeByItsAddressWhereNoEventNamesIt) {
  const auto name = [](std::string_view members) {
    const auto state = state_of(
        {fmt::format(R"({{"nodeDefinitionEvent": {{"nodeId": "{}"{}}}}})", std::string(56, '1'), members)});
    return std::string(state->nodes.at(0).name);
  };
  EXPECT_EQ(name(R"(, "nodeIpAddress": "192.0.2.2")"), "192.0.2.2");
  EXPECT_EQ(name(R"(, "nodeIpAddress": "192.0.2.2", "nodeName": "")"), "192.0.2.2");
  EXPECT_EQ(name(R"(, "nodeIpAddress": "192.0.2.2", "nodeName": "a")"), "a");
  EXPECT_EQ(name(""), "");
}

TEST(LoadState, GivesATaskWhoseIdIsNoneOfRaysATypeAllTheSame) {
  const StoredSession session = recorded_session();
  MemoryStore store;
  store.set(key_of(session, kNode, "1.jsonl"),
            R"({"taskLifecycleEvent": {"taskId": "YWJj", "stateTransitions": [{"state": "RUNNING"}]}})");
  const auto state = load(store, session);
  ASSERT_TRUE(state);
  ASSERT_EQ((*state)->attempts.size(), 1u);
  EXPECT_EQ((*state)->attempts.front().type, TaskType::normal_task);
}

// KubeRay's collector fetches no list of jobs, and events tell of a submission's driver alone.
TEST(LoadState, TakesWhatWasSubmittedFromTheBeginningOfItsLog) {
  const StoredSession session = recorded_session();
  const std::string log = fmt::format("{}{}/logs/job-driver-", session.prefix, kNode);
  MemoryStore store;
  store.set(log + "a.log",
            "2026-11-23 03:25:57,377\tINFO job_manager.py:581 -- Runtime env is setting up.\n"
            "Running entrypoint for job a: echo a && sh\n"
            "Running entrypoint for job a: no more\n");
  store.set(log + "b.log", "Running entrypoint for job other: echo\n");
  store.set(log + "c.log", "Running entrypoint for job c: cut off");
  store.set(log + "d.log", "");
  store.set(log + "e.log", std::string(17'000, 'x') + "\nRunning entrypoint for job e: too late\n");
  store.set(log + "f.rotated.1-2.log", "Running entrypoint for job f: rotated\n");
  const auto entrypoints = [&] {
    const auto state = load(store, session);
    EXPECT_TRUE(state);
    std::map<std::string, std::string> found;
    for (const Job& job : (*state)->jobs)
      found.emplace(job.submission_id, job.entrypoint);
    return found;
  };
  EXPECT_THAT(entrypoints(), testing::ElementsAre(testing::Pair("a", "echo a && sh"), testing::Pair("b", ""),
                                                  testing::Pair("c", "cut off"), testing::Pair("d", ""),
                                                  testing::Pair("e", "")));
  // A log that cannot be read is no reason to show nothing.
  store.fail_next(1, Error{ErrorKind::not_found, "gone"}, StoreCall::get);
  EXPECT_EQ(entrypoints().size(), 5u);
  // The dashboard's list has more than its first line, and costs one call.
  store.set(session.prefix + "fetched_endpoints/restful__api__jobs",
            R"([{"submission_id": "a", "entrypoint": "echo a && sh\n-c ls", "status": "RUNNING"}])");
  const auto calls = store.calls(StoreCall::get);
  EXPECT_EQ(entrypoints().at("a"), "echo a && sh\n-c ls");
  EXPECT_EQ(store.calls(StoreCall::get), calls + 1);
}

// --- names as the .proto files spell them ---

// Fields that are maps: their keys are users', and no field names.
bool is_map(std::string_view field) {
  static const std::set<std::string_view> maps = {"requiredResources", "refIds",          "labelSelector",
                                                  "metadata",          "labels",          "resources",
                                                  "unitResources",     "customResources", "customFields"};
  return maps.contains(field);
}

std::string proto_name(std::string_view camel) {
  std::string name;
  for (const char c : camel)
    name += c >= 'A' && c <= 'Z' ? fmt::format("_{}", static_cast<char>(c - 'A' + 'a')) : std::string(1, c);
  return name;
}

// A recorded event with each name respelled for which `respell` says yes.
template <typename Respell>
std::string respelled(element value, Respell respell, bool in_map = false) {
  std::string text;
  if (simdjson::dom::object members; value.get(members) == simdjson::SUCCESS) {
    for (const auto& [key, member] : members) {
      const std::string name = !in_map && respell() ? proto_name(key) : std::string(key);
      text +=
          fmt::format("{}\"{}\":{}", text.empty() ? "" : ",", name, respelled(member, respell, is_map(key)));
    }
    return "{" + text + "}";
  }
  if (simdjson::dom::array elements; value.get(elements) == simdjson::SUCCESS) {
    for (const element one : elements)
      text += (text.empty() ? "" : ",") + respelled(one, respell);
    return "[" + text + "]";
  }
  return simdjson::minify(value);
}

TEST(LoadState, IsTheSameInEitherSpellingOfItsNames) {
  const RecordedSession recorded = RecordedSession::complete();
  const auto state_with = [&](auto respell) {
    std::vector<std::string> events;
    simdjson::dom::parser parser;
    for (const std::string& event : events_of(recorded))
      events.push_back(respelled(parser.parse(event), respell));
    return state_of(events);
  };
  const std::string camel = text_of(*state_with([] { return false; }));
  EXPECT_THAT(camel, HasSubstr("object_store_memory"));
  EXPECT_THAT(camel, HasSubstr("actor_died_error_context"));
  EXPECT_EQ(text_of(*state_with([] { return true; })), camel);
  std::mt19937 random(11);
  EXPECT_EQ(text_of(*state_with([&] { return random() % 2 == 0; })), camel);
}

TEST(LoadState, LeavesKeysThatUsersChoseAsTheyAre) {
  const std::string task_id(48, '1');
  const std::string node_id(56, '1');
  const auto state = state_of(
      {fmt::format(R"({{"task_definition_event": {{"task_id": "{}", "required_resources": {{"my_gpu": 1}}, )"
                   R"("label_selector": {{"job_id": "in_use"}}, )"
                   R"("serialized_runtime_env": "{{\"env_vars\": {{}}}}"}}}})",
                   task_id),
       fmt::format(R"({{"node_definition_event": {{"node_id": "{}", "labels": {{"node_name": "a"}}}}}})",
                   node_id),
       R"({"driver_job_definition_event": {"job_id": "01000000", "config": {"metadata": {"team_name": "n"}}}})"});
  ASSERT_EQ(state->attempts.size(), 1u);
  EXPECT_EQ(pairs_text(state->attempts[0].required_resources), "my_gpu=1;");
  EXPECT_EQ(pairs_text(state->attempts[0].label_selector), "job_id=in_use;");
  EXPECT_EQ(state->attempts[0].serialized_runtime_env, R"({"env_vars": {}})");
  ASSERT_EQ(state->nodes.size(), 1u);
  EXPECT_EQ(pairs_text(state->nodes[0].labels), "node_name=a;");
  ASSERT_EQ(state->jobs.size(), 1u);
  EXPECT_EQ(pairs_text(state->jobs[0].metadata), "team_name=n;");
}

TEST(LoadState, LetsTheLastOfTwoSpellingsCount) {
  const std::string id(48, '1');
  const auto name_with = [&](std::string_view first, std::string_view second) {
    const auto state = state_of({fmt::format(
        R"({{"taskDefinitionEvent": {{"taskId": "{}", "{}": "a", "{}": "b"}}}})", id, first, second)});
    return std::string(state->attempts.at(0).name);
  };
  EXPECT_EQ(name_with("taskName", "task_name"), "b");
  EXPECT_EQ(name_with("task_name", "taskName"), "b");
}

// --- the store ---

TEST(LoadState, FailsAsTheStoreDoes) {
  const StoredSession session = recorded_session();
  MemoryStore store;
  for (int i = 0; i < 5; ++i)
    store.set(key_of(session, kNode, std::to_string(i) + ".jsonl"), "{}\n");
  const auto listing = list_session(store, session, Deadline::never());
  ASSERT_TRUE(listing);
  for (const ErrorKind kind : {ErrorKind::retry, ErrorKind::denied, ErrorKind::cancelled}) {
    store.fail_next(1, Error{kind, "the store is away"}, StoreCall::get);
    const auto state = load_state(store, *listing, Deadline::never(), 2);
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().kind, kind);
    EXPECT_THAT(state.error().message, HasSubstr(session.prefix));
  }
}

TEST(LoadState, LeavesOutWhatIsGoneOrBrokenButNotAll) {
  const RecordedSession recorded = RecordedSession::complete();
  const StoredSession session = recorded_session();
  const std::string packed = gzip(lines_of(events_of(recorded)));
  MemoryStore store;
  store.set(key_of(session, kNode, "1.jsonl.gz"), packed.substr(0, packed.size() / 2));
  store.set(key_of(session, kNode, "2.jsonl.gz"), "no gzip");
  const auto torn = load(store, session);
  ASSERT_TRUE(torn);
  EXPECT_FALSE((*torn)->attempts.empty());

  MemoryStore broken;
  broken.set(key_of(session, kNode, "2.jsonl.gz"), "no gzip");
  const auto none = load(broken, session);
  ASSERT_TRUE(none);
  EXPECT_TRUE((*none)->attempts.empty());
  EXPECT_THAT((*none)->partial_failure, HasSubstr("2.jsonl.gz"));

  MemoryStore logs_only;
  logs_only.set(session.prefix + std::string(kNode) + "/logs/raylet.out", "x");
  const auto empty = load(logs_only, session);
  ASSERT_TRUE(empty);
  EXPECT_TRUE((*empty)->attempts.empty());
  EXPECT_THAT((*empty)->partial_failure, HasSubstr("has no events of this session"));
  MemoryStore nothing;
  const auto gone = load(nothing, session);
  ASSERT_TRUE(gone);
  EXPECT_EQ((*gone)->partial_failure, (*empty)->partial_failure);
  nothing.set(key_of(session, kNode, "1.jsonl"), "");
  EXPECT_EQ((*load(nothing, session))->partial_failure, (*empty)->partial_failure);
}

// --- packed or not ---

// `count` lines, each of a task of its own.
std::string task_lines(size_t count, size_t name_bytes = 1) {
  std::string lines;
  for (size_t i = 0; i < count; ++i) {
    lines += fmt::format(R"({{"taskDefinitionEvent": {{"taskId": "{:048}", "taskName": "{}"}}}})"
                         "\n",
                         i, std::string(name_bytes, 'n'));
  }
  return lines;
}

TEST(LoadState, EndsWithItsDeadlineAlsoWhenAllIsRead) {
  const StoredSession session = recorded_session();
  MemoryStore store;
  // Read in one call, after which memory is looked at.
  store.set(key_of(session, kNode, "1.jsonl"), task_lines(20, 100'000));
  const auto listing = list_session(store, session, Deadline::never());
  ASSERT_TRUE(listing);
  std::stop_source stop;
  const MemoryCheck stop_after_reading = [&](uint64_t) -> Result<void> {
    stop.request_stop();
    return {};
  };
  const auto state = load_state(store, *listing, Deadline::never(stop.get_token()), 2, stop_after_reading);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind, ErrorKind::cancelled);
  EXPECT_THAT(state.error().message, AllOf(HasSubstr(session.prefix), HasSubstr("state together")));
}

std::shared_ptr<const SessionState> state_of_file(std::string_view name, std::string_view content) {
  MemoryStore store;
  store.set(key_of(recorded_session(), kNode, name), std::string(content));
  const auto state = load(store, recorded_session());
  EXPECT_TRUE(state);
  return *state;
}

TEST(LoadState, TellsByItsBytesAndNotByItsNameWhetherAFileIsPacked) {
  const std::string lines = task_lines(50);
  for (const std::string_view name : {"1.jsonl", "1.jsonl.gz"}) {
    for (const std::string& content : {lines, gzip(lines), "[" + lines.substr(0, lines.find('\n')) + "]"}) {
      const auto state = state_of_file(name, content);
      EXPECT_EQ(state->attempts.size(), content.starts_with('[') ? 1u : 50u) << name;
      EXPECT_EQ(state->partial_failure, "");
    }
  }
}

// Larger than what is read in one piece, also when it is packed.
TEST(LoadState, TellsSoOfLargeFilesToo) {
  std::mt19937 random(3);
  std::string lines;
  for (size_t i = 0; lines.size() < (40U << 20U); ++i) {
    std::string noise;
    while (noise.size() < 4000)
      noise += fmt::format("{:08x}", random());
    lines += fmt::format(R"({{"taskDefinitionEvent": {{"taskId": "{:048}", "taskName": "{}"}}}})"
                         "\n",
                         i, noise);
  }
  const auto count = static_cast<size_t>(std::count(lines.begin(), lines.end(), '\n'));
  const std::string packed = gzip(lines);
  ASSERT_GT(packed.size(), 17U << 20U);
  for (const auto& [name, content] :
       {std::pair("1.jsonl", std::string_view(packed)), std::pair("1.jsonl.gz", std::string_view(lines))}) {
    const auto state = state_of_file(name, content);
    EXPECT_EQ(state->attempts.size(), count) << name;
    EXPECT_EQ(state->partial_failure, "");
  }
}

TEST(LoadState, KeepsEachLineBeforeTheDamageAndReportsIt) {
  const std::string lines = task_lines(1000);
  std::string bad_sum = gzip(lines);
  bad_sum[bad_sum.size() - 8] ^= 1;  // RFC 1952: the CRC-32 is in the first four of the last eight bytes
  std::string bad_length = gzip(lines);
  bad_length.back() ^= 1;
  const std::string packed = gzip(lines);
  for (const std::string_view name : {"1.jsonl", "1.jsonl.gz"}) {
    for (const std::string& content : {bad_sum, bad_length, packed.substr(0, packed.size() - 8),
                                       packed.substr(0, packed.size() - 1), packed + "rubbish behind it"}) {
      const auto state = state_of_file(name, content);
      EXPECT_EQ(state->attempts.size(), 1000u);
      EXPECT_THAT(state->partial_failure,
                  testing::AllOf(HasSubstr("1 of this session's files"), HasSubstr(name)));
    }
  }
  // Two members, as appending makes them, are no damage.
  EXPECT_EQ(state_of_file("1.jsonl.gz", packed + gzip(task_lines(1))).get()->partial_failure, "");
}

TEST(LoadState, KeepsTheLinesBeforeACutAtAnyByteOfAPackedFile) {
  const std::string lines = task_lines(20);
  const std::string packed = gzip(lines);
  size_t most = 0;
  for (size_t size = 1; size < packed.size(); ++size) {
    const auto state = state_of_file("1.jsonl.gz", packed.substr(0, size));
    EXPECT_NE(state->partial_failure, "") << size;
    EXPECT_GE(state->attempts.size(), most);
    most = state->attempts.size();
  }
  EXPECT_EQ(most, 20u);
}

TEST(LoadState, ReportsAnArrayThatIsCutShort) {
  const std::string line = task_lines(1).substr(0, task_lines(1).size() - 1);
  EXPECT_EQ(state_of_file("1.jsonl", "[" + line + "]")->partial_failure, "");
  for (const std::string& content : {"[" + line, "[" + line + ",", "[" + line + "," + line.substr(0, 20)}) {
    const auto state = state_of_file("1.jsonl", content);
    EXPECT_EQ(state->attempts.size(), 1u);
    EXPECT_THAT(state->partial_failure, HasSubstr("its array is cut short"));
  }
}

TEST(LoadState, ReportsLinesThatAreNoEventsButNotATornLastOne) {
  const std::string lines = task_lines(3);
  const std::string torn = lines.substr(0, lines.size() - 9);
  EXPECT_EQ(state_of_file("1.jsonl", torn)->partial_failure, "");
  EXPECT_EQ(state_of_file("1.jsonl", torn)->attempts.size(), 2u);
  EXPECT_THAT(state_of_file("1.jsonl", torn + "\n" + lines)->partial_failure,
              HasSubstr("it has lines that are no events"));
  EXPECT_THAT(state_of_file("1.jsonl", lines + "rubbish")->partial_failure,
              HasSubstr("it has lines that are no events"));
  EXPECT_THAT(state_of_file("1.jsonl", std::string(100, '\0') + "\n" + lines)->partial_failure,
              HasSubstr("it has lines that are no events"));
}

// Pieces of a file are read side by side; each line must be read once, wherever it lies.
TEST(LoadState, ReadsLinesThatLieAcrossPieces) {
  const StoredSession session = recorded_session();
  std::string lines;
  size_t tasks = 0;
  std::mt19937 random(7);
  while (lines.size() < (20U << 20U)) {
    const size_t length = tasks % 100 == 99 ? (3U << 20U) : random() % 200'000;
    lines += fmt::format(R"({{"taskDefinitionEvent": {{"taskId": "{:048}", "taskName": "{}"}}}})", tasks++,
                         std::string(length, 'n'));
    lines += '\n';
  }
  // One that spans more than a whole piece, and is longer than any event may be.
  lines += fmt::format(R"({{"taskDefinitionEvent": {{"taskId": "{:0>48}", "taskName": "{}"}}}})", "a",
                       std::string(20U << 20U, 'n'));
  lines +=
      "\n"
      R"({"taskDefinitionEvent": {"taskId": "000000000000000000000000000000000000000000000000", "taskAttempt": 1, "taskName": "f"}})";
  MemoryStore store;
  store.set(key_of(session, kNode, "1.jsonl"), lines);
  std::string array = "[";
  for (const char c : lines)
    array += c == '\n' ? ',' : c;
  store.set(key_of(session, kNode, "2.jsonl"), array + "]");
  const auto state = load(store, session, 3);
  ASSERT_TRUE(state);
  EXPECT_EQ((*state)->attempts.size(), tasks + 1);
  EXPECT_THAT((*state)->partial_failure, HasSubstr("it has events of more than 4194304 bytes"));
}

TEST(LoadState, GivesUpAFileThatUnpacksWithoutEnd) {
  const std::string line = task_lines(1);
  const std::string packed = gzip(line + std::string(size_t{120} << 20U, '\n'));
  ASSERT_LT(packed.size() * 200, size_t{50} << 20U);
  const auto state = state_of_file("1.jsonl.gz", packed);
  ASSERT_NE(state, nullptr);
  EXPECT_EQ(state->attempts.size(), 1u);
  EXPECT_THAT(state->partial_failure, HasSubstr("unpacks to more than 200 times its size"));
}

// Wherever a line begins before, at or behind the place where a piece does.
TEST(LoadState, ReadsLinesThatBeginWherePiecesDo) {
  constexpr size_t kLineBytes = 1U << 20U;
  const StoredSession session = recorded_session();
  for (const size_t first_bytes : {kLineBytes - 1, kLineBytes, kLineBytes + 1}) {
    std::string lines;
    size_t tasks = 0;
    for (size_t bytes = first_bytes; lines.size() < (36U << 20U); bytes = kLineBytes) {
      std::string line =
          fmt::format(R"({{"taskDefinitionEvent": {{"taskId": "{:048}"}}, "more": ")", tasks++);
      line.append(bytes - line.size() - 3, 'n');
      lines += line + "\"}\n";
    }
    MemoryStore store;
    store.set(key_of(session, kNode, "1.jsonl"), lines);
    const auto state = load(store, session, 3);
    ASSERT_TRUE(state);
    EXPECT_EQ((*state)->attempts.size(), tasks) << first_bytes;
  }
}

TEST(LoadState, TakesNoPieceOfAFileOfLinesForAnArray) {
  constexpr size_t kLineBytes = 1U << 20U;
  const StoredSession session = recorded_session();
  std::string lines;
  size_t tasks = 0;
  while (lines.size() < (36U << 20U)) {
    lines += fmt::format(R"({{"taskDefinitionEvent": {{"taskId": "{:048}"}}, "more": "{}"}})", tasks++,
                         std::string(kLineBytes, 'n'));
    lines += "\n[no event\n";
  }
  MemoryStore store;
  store.set(key_of(session, kNode, "1.jsonl"), lines);
  const auto state = load(store, session, 3);
  ASSERT_TRUE(state);
  EXPECT_EQ((*state)->attempts.size(), tasks);
}

// Texts are taken from where they stand, and unescaped where they have to be.
TEST(LoadState, ReadsTextsWithEscapesAndWithout) {
  const StoredSession session = recorded_session();
  constexpr std::string_view kTaskId = "000000000000000000000000000000000000000000000001";
  MemoryStore store;
  store.set(key_of(session, kNode, "1.jsonl"),
            fmt::format(R"({{"task\u0044efinitionEvent" : {{"taskId": "{}" ,)"
                        "\t\"taskName\"\t:\t\"a \\\"name\\\" \\u00e9\\\\\" ,"
                        R"("callSite": "", "language": "\u0050YTHON", "jobId": "\u0042AAAAA==",)"
                        R"("serializedRuntimeEnv": 7, "requiredResources": {{"a\"b": 1, "CPU": 2}} }} }})"
                        "  \r\n",
                        kTaskId));
  const auto state = load(store, session);
  ASSERT_TRUE(state);
  ASSERT_EQ((*state)->attempts.size(), 1);
  const TaskAttempt& task = (*state)->attempts.front();
  EXPECT_EQ(task.task_id, kTaskId);
  EXPECT_EQ(task.name, "a \"name\" \u00e9\\");
  EXPECT_EQ(task.language, "PYTHON");
  EXPECT_EQ(task.job_id, "04000000");
  EXPECT_EQ(task.call_site, "");
  EXPECT_EQ(task.serialized_runtime_env, "");
  EXPECT_EQ(task.required_resources, (Resources{{"CPU", 2}, {"a\"b", 1}}));
}

}  // namespace
}  // namespace rayhistory::historyserver
