// What became of a session, as its events tell: tasks, actors, jobs, nodes, workers. Built once from all
// events (session_builder.h), immutable from then on, and so read by any thread.
//
// It is the facts, not any endpoint's answer: IDs in lower-case hex, times in unix nanoseconds, and unknown
// is unknown. Texts are views into memory that the state owns, equal ones stored once.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rayhistory::historyserver {

// Unix time in nanoseconds; 0: unknown.
using UnixNanoseconds = int64_t;
// "CPU" -> 1.0, in the order of their names.
using Resources = std::vector<std::pair<std::string_view, double>>;
using TextMap = std::vector<std::pair<std::string_view, std::string_view>>;

// In the order in which a task goes through them (Ray: src/ray/protobuf/common.proto TaskStatus, with
// GETTING_AND_PINNING_ARGS moved to where it happens). The highest that an attempt has reached is its state.
enum class TaskStatus : uint8_t {
  nil,
  pending_args_avail,
  pending_node_assignment,
  pending_obj_store_mem_avail,
  pending_args_fetch,
  submitted_to_worker,
  pending_actor_task_args_fetch,
  pending_actor_task_ordering_or_concurrency,
  getting_and_pinning_args,
  running,
  running_in_ray_get,
  running_in_ray_wait,
  finished,
  failed,
};
inline constexpr size_t kTaskStatuses = 14;
// "PENDING_ARGS_AVAIL".
std::string_view name_of(TaskStatus status);
std::optional<TaskStatus> parse_task_status(std::string_view name);

enum class TaskType : uint8_t { unknown, normal_task, actor_creation_task, actor_task, driver_task };
// "NORMAL_TASK"; unknown: "".
std::string_view name_of(TaskType type);
TaskType parse_task_type(std::string_view name);

struct ProfileEvent {
  std::string_view name;  // "task:execute"
  UnixNanoseconds start = 0;
  UnixNanoseconds end = 0;
  std::string_view extra_data;  // JSON, as it came; may be empty
};

// One attempt of a task. Empty texts and zero times are unknown.
struct TaskAttempt {
  std::string_view task_id;
  uint32_t attempt = 0;
  TaskType type = TaskType::unknown;
  TaskStatus status = TaskStatus::nil;
  bool is_detached_actor = false;
  std::optional<bool> is_debugger_paused;
  bool has_definition = false;  // false: what is known comes from the worker and from the ID alone
  std::string_view name;        // as it is shown: an actor's repr in it
  std::string_view func_or_class_name;
  std::string_view language;
  std::string_view job_id;
  std::string_view actor_id;
  std::string_view parent_task_id;
  std::string_view placement_group_id;
  std::string_view node_id;
  std::string_view worker_id;
  int64_t worker_pid = 0;
  std::string_view serialized_runtime_env;  // JSON, with its secrets: masked by whoever shows it
  std::string_view call_site;
  Resources required_resources;
  TextMap label_selector;
  std::string_view fallback_strategy;  // JSON, as it came; may be empty
  // When each status was reached; 0: not, or not known.
  std::array<UnixNanoseconds, kTaskStatuses> reached{};
  // Only of a failed attempt.
  std::string_view error_type;     // "TASK_EXECUTION_EXCEPTION"
  std::string_view error_message;  // without ANSI colours
  // Of the worker's log files: paths and byte ranges; -1: unknown.
  std::string_view stdout_file;
  std::string_view stderr_file;
  int64_t stdout_start = -1;
  int64_t stdout_end = -1;
  int64_t stderr_start = -1;
  int64_t stderr_end = -1;
  // Of its profile: who, and what it spent its time on.
  std::string_view profile_component_type;  // "worker", "driver"
  std::string_view profile_component_id;
  std::string_view profile_node_ip;
  std::vector<ProfileEvent> profile_events;  // by end, as the live dashboard has them

  UnixNanoseconds time_of(TaskStatus reached_status) const {
    return reached[static_cast<size_t>(reached_status)];
  }
  // FINISHED's or FAILED's, as the status is.
  UnixNanoseconds end_time() const {
    return status == TaskStatus::finished || status == TaskStatus::failed ? time_of(status) : 0;
  }
};

struct ActorTransition {
  std::string_view state;  // "ALIVE"
  UnixNanoseconds time = 0;
  std::string_view node_id;
  std::string_view worker_id;
  std::string_view repr_name;
  std::string_view restart_reason;
  int64_t pid = 0;
  int64_t port = 0;
};

struct Actor {
  std::string_view actor_id;
  std::string_view job_id;
  std::string_view name;
  std::string_view ray_namespace;
  std::string_view class_name;
  std::string_view repr_name;
  std::string_view state;  // the last transition's: "DEAD"
  std::string_view node_id;
  std::string_view worker_id;
  std::string_view ip_address;
  int64_t pid = 0;
  int64_t port = 0;
  // Where its constructor ran, of an actor that died before it was ALIVE; node_id and worker_id are empty
  // then, as in Ray's state API. Read by shown_node_id() and shown_worker_id().
  std::string_view constructor_node_id;
  std::string_view constructor_worker_id;
  bool is_detached = false;
  std::string_view serialized_runtime_env;
  std::string_view placement_group_id;
  std::string_view call_site;
  std::string_view parent_id;
  Resources required_resources;
  TextMap label_selector;
  UnixNanoseconds start_time = 0;
  UnixNanoseconds end_time = 0;
  UnixNanoseconds last_change = 0;
  uint32_t restarts = 0;
  uint32_t restarts_by_lineage_reconstruction = 0;
  uint32_t restarts_by_node_preemption = 0;
  std::string_view exit_detail;  // why it died; empty: nobody said
  std::string_view death_cause;  // JSON in snake_case with hex IDs, as the state API shows it; may be empty
  std::vector<ActorTransition> transitions;  // by time

  // Where it was last, as the dashboard's pages have it; empty: nowhere, or not known.
  std::string_view shown_node_id() const { return node_id.empty() ? constructor_node_id : node_id; }
  std::string_view shown_worker_id() const { return worker_id.empty() ? constructor_worker_id : worker_id; }
};

struct Job {
  std::string_view job_id;         // empty: a submission whose driver never came
  std::string_view submission_id;  // empty: a driver that nobody submitted
  std::string_view status;         // "RUNNING", "SUCCEEDED", "FAILED", …
  std::string_view entrypoint;
  std::string_view message;     // empty: unknown
  std::string_view error_type;  // empty: unknown
  std::optional<int64_t> driver_exit_code;
  std::string_view driver_node_id;
  std::string_view driver_node_ip;
  std::string_view driver_agent_http_address;
  int64_t driver_pid = 0;
  std::string_view serialized_runtime_env;
  TextMap metadata;  // without the submission's own entries
  UnixNanoseconds start_time = 0;
  UnixNanoseconds end_time = 0;
  // What the events of the driver alone say, for the job's driver worker.
  UnixNanoseconds driver_start_time = 0;
  UnixNanoseconds driver_end_time = 0;
};

struct Node {
  std::string_view node_id;
  std::string_view ip_address;
  std::string_view host_name;
  std::string_view name;
  std::string_view instance_id;
  std::string_view instance_type;
  bool is_head = false;
  bool is_alive = true;
  std::string_view alive_sub_state;  // "DRAINING"; may be empty
  std::string_view death_reason;     // "EXPECTED_TERMINATION"; empty: alive
  std::string_view death_message;    // as Ray gave it with the reason; may be empty
  std::string_view state_message;    // as the state API words the two; empty: alive
  Resources resources;               // total
  TextMap labels;
  UnixNanoseconds start_time = 0;
  UnixNanoseconds end_time = 0;
};

struct Worker {
  std::string_view worker_id;
  std::string_view node_id;
  std::string_view ip_address;
  std::string_view type;  // "WORKER", "DRIVER", …
  std::string_view job_id;
  int64_t pid = 0;
  bool is_alive = true;
  std::string_view exit_type;  // "INTENDED_SYSTEM_EXIT"; empty: alive or unknown
  std::string_view exit_detail;
  int64_t launch_time_ms = 0;  // 0: unset
  int64_t launched_time_ms = 0;
  int64_t start_time_ms = 0;
  int64_t end_time_ms = 0;
};

struct PlacementGroupBundle {
  int64_t index = 0;
  Resources unit_resources;
  TextMap label_selector;
};

// A placement group as events tell of it; they leave out on which nodes its bundles are.
struct PlacementGroup {
  std::string_view placement_group_id;
  std::string_view name;
  std::string_view creator_job_id;
  bool is_detached = false;
  std::vector<PlacementGroupBundle> bundles;  // by index
  UnixNanoseconds requested = 0;
  // The last transition's; empty: there was none.
  std::string_view state;             // "CREATED"
  std::string_view scheduling_state;  // "FINISHED"
  int64_t scheduling_attempt = 0;
  double highest_retry_delay_ms = 0;
  UnixNanoseconds last_change = 0;
};

// What the autoscaler did or met, in the words of its own log.
struct AutoscalerReport {
  std::string_view event_id;
  UnixNanoseconds time = 0;
  std::string_view message;  // a line each
  bool is_warning = false;
};

// What the autoscaler waited for when it last said so, as `ray status` words it: a line each.
struct NodeProvisioning {
  UnixNanoseconds time = 0;  // 0: it never said so
  std::string_view pending;
  std::string_view failed;
};

struct ExportedOperator {
  std::string_view operator_id;
  std::string_view name;
  std::string_view state;
};

// A dataset of Ray Data as Ray's export API told of it last.
struct ExportedDataset {
  std::string_view dataset_id;
  std::string_view job_id;
  std::string_view state;                   // "FINISHED"
  double start_seconds = 0;                 // since 1970
  double end_seconds = 0;                   // 0: it has not ended, or no event says so
  std::vector<ExportedOperator> operators;  // in the dataset's order
};

// A run of Ray Train, or an attempt of one, as Ray's export API told of it last.
struct ExportedTrainRow {
  std::string_view run_id;
  std::string_view attempt_id;  // empty: it is the run
  bool has_ended = false;
  std::string_view
      json;  // an ExportTrainRunEventData or ExportTrainRunAttemptEventData, names as in the .proto
};

// Events whose type this version does not know. The collector stores them nevertheless.
struct UnknownEvents {
  // By type, and how many of each.
  std::map<std::string_view, uint64_t> of_type;
  // Those of further types, and those that name no type that could be shown.
  uint64_t of_other_types = 0;

  uint64_t total() const;
};

// Of whatever the cluster ran on: a pod that was killed, a node that went (Ray:
// dashboard/modules/platform_events).
struct PlatformEvent {
  std::string_view event_id;
  UnixNanoseconds time = 0;
  std::string_view json;  // as it came
};

// Owns what the views above point to.
class TextMemory;

struct SessionState {
  std::vector<TaskAttempt> attempts;                 // by task ID, then attempt
  std::vector<Actor> actors;                         // by ID
  std::vector<Job> jobs;                             // by job ID, then submission ID
  std::vector<Node> nodes;                           // by ID
  std::vector<Worker> workers;                       // by ID; those that Ray reports: drivers are in `jobs`
  std::vector<PlatformEvent> platform_events;        // the newest first
  std::vector<PlacementGroup> placement_groups;      // by ID
  std::vector<AutoscalerReport> autoscaler_reports;  // by time
  NodeProvisioning provisioning;
  std::vector<ExportedDataset> exported_datasets;     // by ID
  std::vector<ExportedTrainRow> exported_train_rows;  // by run, the run before its attempts
  UnknownEvents unknown_events;
  // What of the session's files is missing or could not be read, in a sentence for people; empty where all
  // was.
  std::string partial_failure;
  // One node's raylet says in its log that the session has this folder there, "/tmp/ray/session_…". It is
  // empty where that log does not say it.
  std::string folder;
  UnixNanoseconds last_seen = 0;  // the last of all times that events tell; 0: none
  std::shared_ptr<const TextMemory> memory;
  uint64_t bytes = 0;  // about what this takes of memory

  // The first of its attempts; attempts.end() where there is no such task.
  std::vector<TaskAttempt>::const_iterator find_task(std::string_view task_id) const;
  // Nothing where there is none.
  const Actor* find_actor(std::string_view actor_id) const;
  const Node* find_node(std::string_view node_id) const;
};

}  // namespace rayhistory::historyserver
