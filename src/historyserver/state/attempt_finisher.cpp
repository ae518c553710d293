#include "historyserver/state/attempt_finisher.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <simdjson.h>

#include "historyserver/state/ansi_codes.h"
#include "historyserver/state/json_element.h"
#include "historyserver/state/ray_id.h"
#include "historyserver/state/rows_by_id.h"

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kWorkerDied = "WORKER_DIED";
constexpr std::string_view kNodeDied = "NODE_DIED";
constexpr std::string_view kTaskFailed = "TASK_EXECUTION_EXCEPTION";
constexpr std::string_view kTaskProfilePrefix = "task::";

// A task's ID has eight bytes of its own, and its actor's ID follows them (Ray: src/ray/common/id.h).
std::string_view actor_part(std::string_view task_id) {
  return task_id.size() == 2 * kTaskIdBytes ? task_id.substr(2 * (kTaskIdBytes - kActorIdBytes)) : "";
}

bool names_an_actor(std::string_view actor_id) {
  return !actor_id.empty() && !is_nil_id(actor_id.substr(0, 2 * (kActorIdBytes - kJobIdBytes)));
}

TaskType type_by_id(std::string_view task_id) {
  const std::string_view actor = actor_part(task_id);
  // Ray gives no such ID. Ray's own client takes no task without a type: it would show none of the others,
  // either.
  if (actor.empty()) return TaskType::normal_task;
  const bool begins_nil = is_nil_id(task_id.substr(0, 2 * (kTaskIdBytes - kActorIdBytes)));
  if (!names_an_actor(actor)) return begins_nil ? TaskType::driver_task : TaskType::normal_task;
  return begins_nil ? TaskType::actor_creation_task : TaskType::actor_task;
}

// A profile event's extra data is a JSON object; this is one of its texts.
std::optional<std::string> text_in(std::string_view extra_data, std::string_view key) {
  // The parser is made each time, for this is called only where a task's owner was silent.
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(extra_data);
  simdjson::ondemand::document document;
  std::string_view text;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
  if (document[key].get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

// This profile event spans the whole execution.
const ProfileEvent* execution_of(const TaskAttempt& task) {
  const ProfileEvent* found = nullptr;
  for (const ProfileEvent& event : task.profile_events)
    if (event.name.starts_with(kTaskProfilePrefix)) found = &event;
  return found;
}

// An actor that leaves by exit_actor() or sys.exit(0) ends its task well, and Ray records the exception (Ray:
// _raylet.pyx, execute_task).
bool is_actor_exit(const TaskAttempt& task, const ProfileEvent& event) {
  return task.type == TaskType::actor_task && text_in(event.extra_data, "type") == "<class 'SystemExit'>" &&
         text_in(event.extra_data, "value") == "0";
}

const ProfileEvent* failure_of(const TaskAttempt& task) {
  for (const ProfileEvent& event : task.profile_events) {
    if (event.extra_data.find("\"traceback\"") != std::string_view::npos && !is_actor_exit(task, event))
      return &event;
  }
  return nullptr;
}

std::string_view after_last(std::string_view text, char c) {
  const size_t place = text.rfind(c);
  return place == std::string_view::npos ? text : text.substr(place + 1);
}

bool is_terminal(const TaskAttempt& task) {
  return task.status == TaskStatus::finished || task.status == TaskStatus::failed;
}

void end(TaskAttempt& task, TaskStatus status, UnixNanoseconds time) {
  task.status = status;
  task.reached[static_cast<size_t>(status)] = time;
}

void fill_from_id(TaskPiece& task) {
  if (task.type == TaskType::unknown) task.type = type_by_id(task.task_id);
  const std::string_view actor = actor_part(task.task_id);
  if (task.type == TaskType::actor_creation_task || task.type == TaskType::actor_task) {
    if (task.actor_id.empty() && names_an_actor(actor)) task.actor_id = actor;
  } else {
    task.actor_id = {};
  }
  if (task.job_id.empty() && !actor.empty()) task.job_id = actor.substr(2 * (kActorIdBytes - kJobIdBytes));
}

}  // namespace

JobEnds ends_of(const std::vector<Job>& jobs, const std::vector<DriverPiece>& drivers) {
  JobEnds ends;
  for (const Job& job : jobs)
    if (job.end_time != 0 && !job.job_id.empty()) ends[job.job_id] = job.end_time;
  for (const DriverPiece& driver : drivers)
    if (driver.finished != 0) ends[driver.job_id] = driver.finished;
  return ends;
}

void AttemptFinisher::fill(TaskPiece& task) const {
  settle(task);
  // A thread that submits tasks has the ID of a task that was never one: it is in no event but those of the
  // submissions (Ray: core_worker/context.cc, GetRandomTaskID).
  task.exists = task.has_definition || task.statuses != 0 || execution_of(task) != nullptr;
  fill_from_id(task);
  if (!task.has_definition) fill_from_worker(task);
}

void AttemptFinisher::finish(TaskPiece& task) const {
  name_after_actor(task);
  for (size_t i = 0; i < kTaskStatuses; ++i)
    if ((task.statuses & (1U << i)) != 0) task.status = static_cast<TaskStatus>(i);
  if (!is_terminal(task)) end_by_profile(task);
  if (!is_terminal(task)) end_by_others(task);
  if (task.status != TaskStatus::failed) {
    task.error_type = {};
    task.error_message = {};
  }
}

void AttemptFinisher::fill_from_worker(TaskPiece& task) const {
  const bool is_by_worker = task.profile_component_type == "worker";
  if (task.worker_id.empty() && is_by_worker) task.worker_id = task.profile_component_id;
  const bool was_executed =
      is_by_worker || (task.statuses & (1U << static_cast<uint32_t>(TaskStatus::running))) != 0;
  if (task.node_id.empty() && was_executed && task.type != TaskType::driver_task)
    task.node_id = task.sender_node_id;
  const ProfileEvent* const execution = execution_of(task);
  if (execution == nullptr) return;
  task.name = execution->name.substr(kTaskProfilePrefix.size());
  task.func_or_class_name = function_of(task, *execution);
}

std::string_view AttemptFinisher::function_of(const TaskAttempt& task, const ProfileEvent& execution) const {
  if (task.type == TaskType::actor_creation_task) return after_last(task.name, ':');
  const auto function = text_in(execution.extra_data, "name");
  if (!function) return task.name;
  if (task.type == TaskType::actor_task && after_last(task.name, '.') == *function) return task.name;
  return texts_.keep(after_last(*function, '.'));
}

void AttemptFinisher::name_after_actor(TaskPiece& task) const {
  if (task.type != TaskType::actor_task || task.actor_repr_name.empty()) return;
  if (task.name != task.func_or_class_name) return;
  task.name =
      texts_.keep(fmt::format("{}.{}", task.actor_repr_name, after_last(task.func_or_class_name, '.')));
}

void AttemptFinisher::end_by_profile(TaskPiece& task) const {
  const ProfileEvent* const execution = execution_of(task);
  if (execution == nullptr || task.type == TaskType::driver_task) return;
  const ProfileEvent* const failure = failure_of(task);
  end(task, failure == nullptr ? TaskStatus::finished : TaskStatus::failed, execution->end);
  if (failure == nullptr || !task.error_type.empty()) return;
  task.error_type = kTaskFailed;
  if (const auto traceback = text_in(failure->extra_data, "traceback"))
    task.error_message = texts_.keep(without_ansi_codes(*traceback));
}

void AttemptFinisher::end_by_others(TaskPiece& task) const {
  const Worker* const worker =
      task.worker_id.empty() ? nullptr : find_by_id(state_.workers, &Worker::worker_id, task.worker_id);
  const UnixNanoseconds worker_end =
      worker != nullptr && !worker->is_alive ? from_milliseconds(worker->end_time_ms) : 0;
  const auto job = job_ends_.find(task.job_id);
  const UnixNanoseconds job_end = job == job_ends_.end() ? 0 : job->second;
  if (worker_end != 0 && (job_end == 0 || worker_end <= job_end)) {
    fail(task, worker_end, kWorkerDied,
         fmt::format("Worker running the task ({}) died with exit_type: {} with error_message: {}",
                     task.worker_id, worker->exit_type, worker->exit_detail));
  } else if (job_end != 0) {
    fail(task, job_end, kWorkerDied,
         fmt::format("Job finishes ({}) as driver exits. Marking all non-terminal tasks as failed.",
                     task.job_id));
  } else if (const Node* const node = state_.find_node(task.node_id);
             node != nullptr && !node->is_alive && !task.node_id.empty()) {
    fail(task, node->end_time, kNodeDied,
         fmt::format("Node running the task ({}) died: {}", task.node_id, node->state_message));
  }
}

void AttemptFinisher::fail(TaskPiece& task, UnixNanoseconds time, std::string_view type,
                           const std::string& message) const {
  end(task, TaskStatus::failed, time);
  task.error_type = type;
  task.error_message = texts_.keep(message);
}

}  // namespace rayhistory::historyserver
