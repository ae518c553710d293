#include "historyserver/api/task_table.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "historyserver/api/session_end.h"
#include "historyserver/api/state_table.h"

namespace rayhistory::historyserver {
namespace {

using Task = TaskAttempt;

// Ray's default of what an environment may be set up with; no event tells what a task asked for.
constexpr std::string_view kRuntimeEnvConfig =
    R"({"setup_timeout_seconds": 600, "eager_install": true, "log_files": []})";

void append_runtime_env_info(const Task& task, RowScratch& scratch, std::string& json) {
  if (!task.has_definition) {
    json += "null";
    return;
  }
  // A driver's own task has no environment of its own.
  if (task.type == TaskType::driver_task) {
    json += R"({"serialized_runtime_env": ""})";
    return;
  }
  json += R"({"serialized_runtime_env": )";
  append_json_string(json, scratch.redactor.masked(task.serialized_runtime_env));
  json += R"(, "runtime_env_config": )";
  json += kRuntimeEnvConfig;
  json += '}';
}

void append_events(const Task& task, RowScratch&, std::string& json) {
  Comma comma;
  json += '[';
  for (size_t i = 0; i < kTaskStatuses; ++i) {
    if (task.reached[i] == 0) continue;
    comma.next(json);
    json += R"({"state": )";
    append_json_string(json, name_of(static_cast<TaskStatus>(i)));
    json += R"(, "created_ms": )";
    append_float_milliseconds(json, task.reached[i]);
    json += '}';
  }
  json += ']';
}

void append_profiling_data(const Task& task, RowScratch& scratch, std::string& json) {
  if (task.profile_component_type.empty()) {
    json += "{}";
    return;
  }
  json += R"({"component_type": )";
  append_json_string(json, task.profile_component_type);
  json += R"(, "component_id": )";
  append_json_string(json, task.profile_component_id);
  json += R"(, "node_ip_address": )";
  append_json_string(json, task.profile_node_ip);
  json += R"(, "events": [)";
  Comma comma;
  for (const ProfileEvent& event : task.profile_events) {
    comma.next(json);
    json += R"({"start_time": )";
    append_float(json, static_cast<double>(event.start) / 1e6);
    json += R"(, "end_time": )";
    append_float(json, static_cast<double>(event.end) / 1e6);
    json += R"(, "extra_data": )";
    simdjson::dom::element extra;
    if (event.extra_data.size() > 2 &&  // most are empty objects
        parse_json(scratch.parser, event.extra_data).get(extra) == simdjson::SUCCESS) {
      append_json(json, extra);
    } else {
      json += "{}";
    }
    json += R"(, "event_name": )";
    append_json_string(json, event.name);
    json += '}';
  }
  json += "]}";
}

// Those of a task that goes on are left out where they are unknown.
void append_offset(std::string& json, std::string_view key, int64_t offset) {
  if (offset < 0) return;
  json += ", ";
  append_json_string(json, key);
  json += ": ";
  json += std::to_string(offset);
}

void append_task_log_info(const Task& task, RowScratch&, std::string& json) {
  if (task.stdout_file.empty() && task.stderr_file.empty()) {
    json += "null";
    return;
  }
  json += R"({"stdout_file": )";
  append_text_or_null(json, task.stdout_file);
  json += R"(, "stderr_file": )";
  append_text_or_null(json, task.stderr_file);
  append_offset(json, "stdout_start", task.stdout_start);
  append_offset(json, "stdout_end", task.stdout_end);
  append_offset(json, "stderr_start", task.stderr_start);
  append_offset(json, "stderr_end", task.stderr_end);
  json += '}';
}

void append_fallback_strategy(const Task& task, RowScratch& scratch, std::string& json) {
  simdjson::dom::element strategy;
  // A driver's own task has no options.
  if (!task.has_definition || task.type == TaskType::driver_task) {
    json += "null";
  } else if (parse_json(scratch.parser, task.fallback_strategy).get(strategy) == simdjson::SUCCESS &&
             strategy["options"].error() == simdjson::SUCCESS) {
    append_proto_json(json, strategy);
  } else {
    json += R"({"options": []})";
  }
}

// Of a task that failed, and of no other.
std::string_view if_failed(const Task& task, std::string_view text) {
  return task.status == TaskStatus::failed ? text : std::string_view{};
}

// Ray shows "Repr.method" for "Class.method" where the actor has a repr, and filters by the latter. People
// filter by what they see, so both find the task.
std::string_view name_without_repr(const Task& task) {
  const std::string_view method = task.func_or_class_name.substr(task.func_or_class_name.rfind('.') + 1);
  const bool has_repr = task.type == TaskType::actor_task && task.name.ends_with(method) &&
                        task.name.size() > method.size() &&
                        task.name[task.name.size() - method.size() - 1] == '.';
  return has_repr ? task.func_or_class_name : task.name;
}

// What Ray's own client does not take as null (util/state/common.py TaskState) is an empty text where
// unknown.
constexpr auto kColumns = std::to_array<Column<Task>>({
    {.name = "task_id", .filterable = true, .cell = [](const Task& t) { return Cell{t.task_id}; }},
    {.name = "attempt_number",
     .filterable = true,
     .type = CellType::integer,
     .cell = [](const Task& t) { return Cell{int64_t{t.attempt}}; }},
    {.name = "name",
     .filterable = true,
     .cell = [](const Task& t) { return Cell{t.name}; },
     .also = [](const Task& t) { return Cell{name_without_repr(t)}; }},
    {.name = "state", .filterable = true, .cell = [](const Task& t) { return Cell{name_of(t.status)}; }},
    {.name = "job_id", .filterable = true, .cell = [](const Task& t) { return Cell{t.job_id}; }},
    {.name = "actor_id", .filterable = true, .cell = [](const Task& t) { return known_text(t.actor_id); }},
    {.name = "type", .filterable = true, .cell = [](const Task& t) { return known_text(name_of(t.type)); }},
    {.name = "func_or_class_name",
     .filterable = true,
     .cell = [](const Task& t) { return Cell{t.func_or_class_name}; }},
    {.name = "parent_task_id",
     .filterable = true,
     .cell = [](const Task& t) { return Cell{t.parent_task_id}; }},
    {.name = "node_id", .filterable = true, .cell = [](const Task& t) { return known_text(t.node_id); }},
    {.name = "worker_id", .filterable = true, .cell = [](const Task& t) { return known_text(t.worker_id); }},
    {.name = "worker_pid",
     .filterable = true,
     .type = CellType::integer,
     .cell = [](const Task& t) { return known_number(t.worker_pid); }},
    {.name = "error_type",
     .filterable = true,
     .cell = [](const Task& t) { return known_text(if_failed(t, t.error_type)); }},
    {.name = "language",
     .detail = true,
     .filterable = true,
     .cell = [](const Task& t) { return known_text(t.language); }},
    {.name = "required_resources",
     .detail = true,
     .write = [](const Task& t, RowScratch&,
                 std::string& json) { append_resources(json, t.required_resources); }},
    {.name = "runtime_env_info", .detail = true, .write = append_runtime_env_info},
    {.name = "placement_group_id",
     .detail = true,
     .filterable = true,
     .cell = [](const Task& t) { return known_text(t.placement_group_id); }},
    {.name = "events", .detail = true, .write = append_events},
    {.name = "profiling_data", .detail = true, .write = append_profiling_data},
    {.name = "creation_time_ms",
     .detail = true,
     .write =
         [](const Task& t, RowScratch&, std::string& json) {
           append_float_milliseconds(json, t.time_of(TaskStatus::pending_args_avail));
         }},
    {.name = "start_time_ms",
     .detail = true,
     .write = [](const Task& t, RowScratch&,
                 std::string& json) { append_float_milliseconds(json, t.time_of(TaskStatus::running)); }},
    {.name = "end_time_ms",
     .detail = true,
     .write = [](const Task& t, RowScratch&,
                 std::string& json) { append_float_milliseconds(json, t.end_time()); }},
    {.name = "task_log_info", .detail = true, .write = append_task_log_info},
    {.name = "error_message",
     .detail = true,
     .cell =
         [](const Task& t) {
           return t.status == TaskStatus::failed && !t.error_type.empty() ? Cell{t.error_message} : Cell{};
         }},
    {.name = "is_debugger_paused",
     .detail = true,
     .filterable = true,
     .type = CellType::boolean,
     .cell = [](const Task& t) { return t.is_debugger_paused ? Cell{*t.is_debugger_paused} : Cell{}; }},
    {.name = "call_site", .detail = true, .cell = [](const Task& t) { return known_text(t.call_site); }},
    {.name = "label_selector",
     .detail = true,
     .write = [](const Task& t, RowScratch&, std::string& json) { append_text_map(json, t.label_selector); }},
    {.name = "fallback_strategy", .detail = true, .write = append_fallback_strategy},
});

// What Ray filters where the tasks are kept, so that what these leave out is in no count (Ray:
// util/state/state_manager.py get_all_task_info).
bool filtered_at_source(std::string_view key) {
  return key == "actor_id" || key == "job_id" || key == "task_id" || key == "name" || key == "state";
}

// All that can pass: where one task is asked for, its attempts alone. IDs are kept in small letters.
std::span<const Task> candidates(const SessionState& state, const std::vector<Filter>& filters) {
  for (const Filter& filter : filters) {
    if (filter.key != "task_id" || !filter.equal) continue;
    std::string id = filter.value;
    std::transform(id.begin(), id.end(), id.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto first = state.find_task(id);
    const auto end =
        std::find_if(first, state.attempts.end(), [&](const Task& task) { return task.task_id != id; });
    return {first, end};
  }
  return state.attempts;
}

// A limit that falls among the attempts of one task leaves out its first ones, where Ray leaves out whichever
// come last. A person, or the dashboard's page of a task, that asks for one row of a task (limit=1) wants to
// know what became of it in the end. The attempts of a task stay in their order.
void keep_last_attempts(std::vector<const Task*>& attempts, size_t limit) {
  if (limit == 0 || limit >= attempts.size()) return;
  const auto is_of_cut_task = [&](const Task* task) { return task->task_id == attempts[limit]->task_id; };
  const auto first = std::find_if(attempts.begin(), attempts.end(), is_of_cut_task);
  const auto kept_end = attempts.begin() + static_cast<std::ptrdiff_t>(limit);
  const auto end = std::find_if_not(kept_end, attempts.end(), is_of_cut_task);
  if (first < kept_end) std::rotate(first, end - (kept_end - first), end);
}

// Names that KubeRay's server has for columns, and Ray has not.
std::string_view column_of(std::string_view key) {
  if (key == "task_name") return "name";
  if (key == "task_type") return "type";
  return key;
}

}  // namespace

Result<TaskSelection> select_tasks(const SessionState& state, const std::vector<Filter>& filters,
                                   bool exclude_driver) {
  std::vector<Filter> source;
  std::vector<Filter> rest;
  for (const Filter& filter : filters) {
    const std::string_view key = column_of(filter.key);
    (filtered_at_source(key) ? source : rest).push_back({std::string(key), filter.equal, filter.value});
  }
  const std::span<const Column<Task>> columns(kColumns);
  TRY_ASSIGN(const auto at_source, RowFilter<Task>::make(columns, source));
  TRY_ASSIGN(const auto afterwards, RowFilter<Task>::make(columns, rest));
  TaskSelection selection;
  for (const Task& task : candidates(state, source)) {
    if (exclude_driver && task.type == TaskType::driver_task) continue;
    if (!at_source.passes(task)) continue;
    ++selection.total;
    if (afterwards.passes(task)) selection.attempts.push_back(&task);
  }
  return selection;
}

Response list_tasks(const SessionView& view, const Request& request) {
  const auto query = parse_list_query(request.query);
  if (!query) return state_error(query.error());
  auto tasks = select_tasks(view.state, query->filters, query->exclude_driver);
  if (!tasks) return state_error(tasks.error());
  keep_last_attempts(tasks->attempts, query->limit);
  return rows_answer(std::span<const Column<Task>>(kColumns), std::move(tasks->attempts), tasks->total,
                     query->limit, query->detail, view.state.partial_failure, {}, LastSeen(view).member());
}

}  // namespace rayhistory::historyserver
