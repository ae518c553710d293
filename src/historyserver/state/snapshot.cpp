#include "historyserver/state/snapshot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "historyserver/state/json_element.h"
#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;
// The last of what nanoseconds can say.
constexpr double kMostMilliseconds = 9.2e12;

UnixNanoseconds time_at(element row, std::string_view key) {
  double milliseconds = 0;
  if (row[key].get(milliseconds) != simdjson::SUCCESS) return 0;
  const bool fits = milliseconds > 0 && milliseconds < kMostMilliseconds;
  if (!fits) return 0;
  // A double cannot tell the nanoseconds of today, but those within a millisecond.
  const auto whole = static_cast<int64_t>(milliseconds);
  const double rest = milliseconds - static_cast<double>(whole);
  return whole * kNanosecondsPerMillisecond + std::llround(rest * kNanosecondsPerMillisecond);
}

// Empty where Ray writes its nil ID.
std::string_view id_at(element row, std::string_view key) {
  const std::string_view id = text_of(row, key);
  return is_nil_id(id) ? std::string_view() : id;
}

bool truth_at(element row, std::string_view key) {
  bool truth = false;
  return row[key].get(truth) == simdjson::SUCCESS && truth;
}

// The elements' names are as the dashboard gives them: its pages have Ray's own in camel case.
std::string_view resource_name(std::string_view shown) {
  if (shown == "objectStoreMemory") return "object_store_memory";
  if (shown == "node:InternalHead") return "node:__internal_head__";
  return shown;
}

Resources resources_at(element row, std::string_view key) {
  Resources resources;
  object members;
  if (row[key].get(members) != simdjson::SUCCESS) return resources;
  for (const auto& [name, value] : members) {
    if (double amount = 0; value.get(amount) == simdjson::SUCCESS)
      resources.emplace_back(resource_name(name), amount);
  }
  std::sort(resources.begin(), resources.end());
  return resources;
}

TextMap texts_at(element row, std::string_view key) {
  TextMap texts;
  object members;
  if (row[key].get(members) != simdjson::SUCCESS) return texts;
  for (const auto& [name, value] : members) {
    if (std::string_view text; value.get(text) == simdjson::SUCCESS) texts.emplace_back(name, text);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

void reach(TaskPiece& task, std::string_view name, UnixNanoseconds time) {
  const std::optional<TaskStatus> status = parse_task_status(name);
  if (!status) return;
  task.statuses |= 1U << static_cast<unsigned>(*status);
  if (time != 0) task.reached[static_cast<size_t>(*status)] = time;
}

// `texts` are what a row's views may point to, beside the parser.
void add_profile(TaskPiece& task, element row, std::vector<std::string>& texts) {
  element profile;
  if (row["profiling_data"].get(profile) != simdjson::SUCCESS || !profile.is_object()) return;
  task.profile_component_type = text_of(profile, "component_type");
  task.profile_component_id = text_of(profile, "component_id");
  task.profile_node_ip = text_of(profile, "node_ip_address");
  simdjson::dom::array events;
  if (profile["events"].get(events) != simdjson::SUCCESS) return;
  texts.reserve(texts.size() + events.size());  // what is in it stays where it is
  for (const element event : events) {
    if (!event.is_object()) continue;
    ProfileEvent spent{.name = text_of(event, "event_name"),
                       .start = time_at(event, "start_time"),
                       .end = time_at(event, "end_time"),
                       .extra_data = {}};
    if (object extra; event["extra_data"].get(extra) == simdjson::SUCCESS && extra.size() > 0)
      spent.extra_data = texts.emplace_back(simdjson::minify(extra));
    task.profile_events.push_back(spent);
  }
}

void add_log(TaskPiece& task, element row) {
  element log;
  if (row["task_log_info"].get(log) != simdjson::SUCCESS || !log.is_object()) return;
  const auto offset = [&](std::string_view key) {
    int64_t value = 0;
    return log[key].get(value) == simdjson::SUCCESS && value >= 0 ? value : -1;
  };
  task.stdout_file = text_of(log, "stdout_file");
  task.stderr_file = text_of(log, "stderr_file");
  task.stdout_start = offset("stdout_start");
  task.stdout_end = offset("stdout_end");
  task.stderr_start = offset("stderr_start");
  task.stderr_end = offset("stderr_end");
}

void add_task(SessionBuilder& builder, element row) {
  TaskPiece task;
  std::vector<std::string> texts;
  task.task_id = text_of(row, "task_id");
  task.attempt = static_cast<uint32_t>(std::clamp<int64_t>(number_of(row, "attempt_number"), 0, UINT32_MAX));
  task.has_definition = true;
  task.type = parse_task_type(text_of(row, "type"));
  task.name = text_of(row, "name");
  task.func_or_class_name = text_of(row, "func_or_class_name");
  task.language = text_of(row, "language");
  task.job_id = text_of(row, "job_id");
  task.actor_id = text_of(row, "actor_id");
  task.parent_task_id = text_of(row, "parent_task_id");
  task.placement_group_id = text_of(row, "placement_group_id");
  task.node_id = text_of(row, "node_id");
  task.worker_id = text_of(row, "worker_id");
  task.worker_pid = number_of(row, "worker_pid");
  task.error_type = text_of(row, "error_type");
  task.error_message = text_of(row, "error_message");
  task.call_site = text_of(row, "call_site");
  task.required_resources = resources_at(row, "required_resources");
  task.label_selector = texts_at(row, "label_selector");
  if (element env; row["runtime_env_info"].get(env) == simdjson::SUCCESS && env.is_object())
    task.serialized_runtime_env = text_of(env, "serialized_runtime_env");
  std::string strategy;
  if (object fallback; row["fallback_strategy"].get(fallback) == simdjson::SUCCESS)
    task.fallback_strategy = strategy = simdjson::minify(fallback);
  if (bool paused = false; row["is_debugger_paused"].get(paused) == simdjson::SUCCESS)
    task.is_debugger_paused = paused;
  if (simdjson::dom::array events; row["events"].get(events) == simdjson::SUCCESS) {
    for (const element event : events)
      if (event.is_object()) reach(task, text_of(event, "state"), time_at(event, "created_ms"));
  }
  reach(task, text_of(row, "state"), 0);
  add_profile(task, row, texts);
  add_log(task, row);
  builder.add_snapshot(task);
}

void add_actor(SessionBuilder& builder, element row) {
  Actor actor;
  actor.actor_id = text_of(row, "actorId");
  actor.job_id = text_of(row, "jobId");
  actor.name = text_of(row, "name");
  actor.class_name = text_of(row, "className");
  actor.repr_name = text_of(row, "reprName");
  actor.state = text_of(row, "state");
  if (element address; row["address"].get(address) == simdjson::SUCCESS && address.is_object()) {
    actor.node_id = id_at(address, "nodeId");
    actor.worker_id = id_at(address, "workerId");
    actor.ip_address = text_of(address, "ipAddress");
    actor.port = number_of(address, "port");
  }
  actor.pid = number_of(row, "pid");
  actor.placement_group_id = text_of(row, "placementGroupId");
  actor.call_site = text_of(row, "callSite");
  actor.required_resources = resources_at(row, "requiredResources");
  actor.label_selector = texts_at(row, "labelSelector");
  actor.start_time = time_at(row, "startTime");
  actor.end_time = time_at(row, "endTime");
  actor.last_change = time_at(row, "timestamp");
  actor.restarts =
      static_cast<uint32_t>(std::clamp<int64_t>(number_in(text_of(row, "numRestarts")), 0, UINT32_MAX));
  if (const std::string_view detail = text_of(row, "exitDetail"); detail != "-") actor.exit_detail = detail;
  builder.add_snapshot(actor);
}

void add_node(SessionBuilder& builder, element entry) {
  element raylet;
  if (entry["raylet"].get(raylet) != simdjson::SUCCESS || !raylet.is_object()) return;
  Node node;
  node.node_id = text_of(raylet, "nodeId");
  node.ip_address = text_of(raylet, "nodeManagerAddress");
  node.host_name = text_of(raylet, "nodeManagerHostname");
  node.name = text_of(raylet, "nodeName");
  node.instance_id = text_of(raylet, "instanceId");
  node.instance_type = text_of(raylet, "instanceTypeName");
  node.is_head = truth_at(raylet, "isHeadNode");
  node.is_alive = text_of(raylet, "state") != "DEAD";
  node.state_message = text_of(raylet, "stateMessage");
  node.resources = resources_at(raylet, "resourcesTotal");
  node.labels = texts_at(raylet, "labels");
  node.start_time = from_milliseconds(number_in(text_of(raylet, "startTimeMs")));
  node.end_time = from_milliseconds(number_in(text_of(raylet, "endTimeMs")));
  builder.add_snapshot(node);
}

struct TableForm {
  SnapshotTable table;
  std::string_view object_name;
  std::string_view rows;  // a JSON pointer into the answer
  void (*add)(SessionBuilder& builder, element row);
};

constexpr std::array<TableForm, 3> kForms = {{
    {SnapshotTable::tasks, "fetched_endpoints/restful__api__v0__tasks", "/data/result/result", add_task},
    {SnapshotTable::actors, "fetched_endpoints/restful__logical__actors", "/data/actors", add_actor},
    {SnapshotTable::nodes, "fetched_endpoints/restful__nodes", "/data/summary", add_node},
}};

}  // namespace

std::optional<SnapshotTable> snapshot_table(std::string_view path) {
  const std::string_view name = path.substr(0, path.find('?'));
  for (const TableForm& form : kForms)
    if (name == form.object_name) return form.table;
  return std::nullopt;
}

bool add_snapshot(SessionBuilder& builder, SnapshotTable table, std::string_view body) {
  const auto form = std::find_if(kForms.begin(), kForms.end(),
                                 [table](const TableForm& each) { return each.table == table; });
  simdjson::dom::parser parser;
  element rows;
  if (parser.parse(body.data(), body.size()).at_pointer(form->rows).get(rows) != simdjson::SUCCESS)
    return false;
  const auto add = [&](element row) {
    if (row.is_object()) form->add(builder, row);
  };
  if (simdjson::dom::array list; rows.get(list) == simdjson::SUCCESS) {
    for (const element row : list)
      add(row);
    return true;
  }
  object by_id;
  if (rows.get(by_id) != simdjson::SUCCESS) return false;
  for (const auto& [id, row] : by_id)
    add(row);
  return true;
}

}  // namespace rayhistory::historyserver
