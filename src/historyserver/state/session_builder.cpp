#include "historyserver/state/session_builder.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>

#include <endian.h>
#include <fmt/format.h>
#include <simdjson.h>

#include "base/large_pages.h"
#include "historyserver/state/ansi_codes.h"
#include "historyserver/state/job_rows.h"
#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kHeadResource = "node:__internal_head__";
constexpr std::string_view kWorkerDied = "WORKER_DIED";
constexpr std::string_view kNodeDied = "NODE_DIED";
constexpr std::string_view kRemovedGroup = "REMOVED";
constexpr std::string_view kTaskFailed = "TASK_EXECUTION_EXCEPTION";
constexpr std::string_view kTaskProfilePrefix = "task::";
constexpr std::string_view kFirstActorState = "DEPENDENCIES_UNREADY";
constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;
// A newer Ray may have a few types that are not known here; more come from no Ray, and would fill the memory.
constexpr size_t kUnknownTypesNamed = 20;
// Twice the longest name that Ray has, AUTOSCALER_NODE_PROVISIONING_EVENT.
constexpr size_t kTypeNameLimit = 70;

// Whether it is a name as Ray's types have it, "TASK_DEFINITION_EVENT": any other is not repeated to readers.
bool is_event_type(std::string_view name) {
  return !name.empty() && name.size() <= kTypeNameLimit && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

template <typename Row>
void sort_by_id(std::vector<Row>& rows, std::string_view Row::*id) {
  std::sort(rows.begin(), rows.end(), [id](const Row& a, const Row& b) { return a.*id < b.*id; });
}

template <typename Row>
const Row* find_by_id(const std::vector<Row>& rows, std::string_view Row::*id, std::string_view wanted) {
  const auto found = std::lower_bound(rows.begin(), rows.end(), wanted,
                                      [id](const Row& row, std::string_view key) { return row.*id < key; });
  return found != rows.end() && (*found).*id == wanted ? &*found : nullptr;
}

// As Ray's state API words a node's end (Ray: python/ray/util/state/common.py NodeState, protobuf
// NodeDeathInfo).
std::string_view words_of_death(std::string_view reason) {
  if (reason == "EXPECTED_TERMINATION") return "Expected termination";
  if (reason == "UNEXPECTED_TERMINATION") return "Unexpected termination";
  if (reason == "AUTOSCALER_DRAIN_PREEMPTED") return "Terminated due to preemption";
  if (reason == "AUTOSCALER_DRAIN_IDLE") return "Terminated due to idle (no Ray activity)";
  return "Unknown termination";
}

Node node_row(NodePiece piece, TextPool& texts) {
  for (const NodeChange& change : piece.changes) {
    if (change.state == "DEAD") {
      if (!piece.is_alive) continue;
      piece.is_alive = false;
      piece.end_time = change.time;
      piece.death_reason = change.death_reason;
      piece.death_message = change.death_message;
      std::string message(words_of_death(change.death_reason));
      if (!change.death_message.empty()) message.append(": ").append(change.death_message);
      piece.state_message = texts.keep(message);
    } else {
      if (piece.start_time == 0) piece.start_time = change.time;
      if (!change.resources.empty()) piece.resources = change.resources;
      piece.alive_sub_state = change.alive_sub_state == "UNSPECIFIED" ? "" : change.alive_sub_state;
    }
  }
  // Ray before 2.54 sends no name of a node, and its dashboard shows the node's address instead.
  if (piece.name.empty()) piece.name = piece.ip_address;
  piece.is_head = std::any_of(piece.resources.begin(), piece.resources.end(),
                              [](const auto& resource) { return resource.first == kHeadResource; });
  return piece;
}

Actor actor_row(ActorPiece piece, const std::vector<Node>& nodes) {
  settle(piece);
  int64_t died_pid = 0;
  std::string_view died_ip;
  for (const ActorChange& change : piece.changes) {
    piece.transitions.push_back(change);
    piece.state = change.state;
    // GCS stamps an actor when it lives, dies or is to live again, and not while it waits.
    if (change.state == "ALIVE" || change.state == "DEAD" || change.state == "RESTARTING")
      piece.last_change = change.time;
    if (!change.repr_name.empty()) piece.repr_name = change.repr_name;
    if (change.state == "ALIVE") {
      if (piece.start_time == 0) piece.start_time = change.time;
      piece.node_id = change.node_id;
      piece.worker_id = change.worker_id;
      piece.pid = change.pid;
      piece.port = change.port;
    } else if (change.state == "RESTARTING") {
      ++piece.restarts;
      if (change.restart_reason == "LINEAGE_RECONSTRUCTION") ++piece.restarts_by_lineage_reconstruction;
      if (change.restart_reason == "NODE_PREEMPTION") ++piece.restarts_by_node_preemption;
    }
    if (change.state == "DEAD") {
      if (piece.end_time == 0) piece.end_time = change.time;
      if (!change.exit_detail.empty()) piece.exit_detail = change.exit_detail;
      if (!change.death_cause.empty()) piece.death_cause = change.death_cause;
      if (change.died_pid != 0) died_pid = change.died_pid;
      if (!change.died_ip.empty()) died_ip = change.died_ip;
    } else {
      // It lives again: what was said of its end is over.
      piece.end_time = 0;
      piece.exit_detail = {};
      piece.death_cause = {};
    }
  }
  if (piece.state.empty()) piece.state = kFirstActorState;
  if (piece.pid == 0) piece.pid = died_pid;
  if (const Node* node = find_by_id(nodes, &Node::node_id, piece.node_id))
    piece.ip_address = node->ip_address;
  if (piece.node_id.empty()) piece.ip_address = died_ip;
  return piece;
}

// No event names the worker of an actor that died before it was ALIVE: it is the one that had the process's
// ID on the node that had the address. Where an ID was used again, the last that began before the actor's
// end.
void find_constructors(std::vector<Actor>& actors, const std::vector<Worker>& workers, BuildSteps& steps) {
  std::unordered_multimap<int64_t, const Worker*> by_pid;
  const auto died_early = [](const Actor& actor) {
    return actor.worker_id.empty() && actor.pid != 0 && !actor.ip_address.empty();
  };
  if (std::none_of(actors.begin(), actors.end(), died_early)) return;
  for (const Worker& worker : workers)
    by_pid.emplace(worker.pid, &worker);
  for (Actor& actor : actors) {
    if (!died_early(actor)) continue;
    const Worker* found = nullptr;
    const auto [begin, end] = by_pid.equal_range(actor.pid);
    for (auto entry = begin; entry != end; ++entry) {
      // A tenant can give all actors and all workers one PID.
      if (steps.must_end()) return;
      const Worker* worker = entry->second;
      const bool began_in_time = worker->start_time_ms * kNanosecondsPerMillisecond <= actor.end_time;
      if (worker->ip_address != actor.ip_address || !began_in_time) continue;
      if (found == nullptr || found->start_time_ms < worker->start_time_ms) found = worker;
    }
    if (found == nullptr) continue;
    actor.constructor_node_id = found->node_id;
    actor.constructor_worker_id = found->worker_id;
  }
}

// Ray before 2.55 names no process ID in an actor's events. The tasks that ran in the actor's worker name it.
void find_process_ids(std::vector<Actor>& actors, const std::vector<TaskAttempt>& attempts,
                      BuildSteps& steps) {
  const auto lacks_pid = [](const Actor& actor) { return actor.pid == 0 && !actor.worker_id.empty(); };
  std::unordered_map<std::string_view, int64_t> pids;  // by worker
  for (const Actor& actor : actors)
    if (lacks_pid(actor)) pids.emplace(actor.worker_id, 0);
  if (pids.empty()) return;
  for (const TaskAttempt& task : attempts) {
    if (steps.must_end()) return;
    if (task.worker_pid == 0) continue;
    // The owner of an actor's creation task names no worker; the profile of the worker that ran it does.
    const bool has_profile = task.profile_component_type == "worker";
    const auto found = pids.find(has_profile ? task.profile_component_id : task.worker_id);
    // One worker is one process. Where events disagree, the greatest counts, whatever their order.
    if (found != pids.end()) found->second = std::max(found->second, task.worker_pid);
  }
  for (Actor& actor : actors)
    if (lacks_pid(actor)) actor.pid = pids.at(actor.worker_id);
}

// The parts of a task's ID: eight bytes of its own, then its actor's ID (Ray: src/ray/common/id.h).
std::string_view actor_part(std::string_view task_id) {
  return task_id.size() == 2 * kTaskIdBytes ? task_id.substr(2 * (kTaskIdBytes - kActorIdBytes)) : "";
}

bool names_an_actor(std::string_view actor_id) {
  return !actor_id.empty() && !is_nil_id(actor_id.substr(0, 2 * (kActorIdBytes - kJobIdBytes)));
}

TaskType type_by_id(std::string_view task_id) {
  const std::string_view actor = actor_part(task_id);
  // No ID of Ray's. Ray's own client takes no task without a type: it would show none of the others, either.
  if (actor.empty()) return TaskType::normal_task;
  const bool begins_nil = is_nil_id(task_id.substr(0, 2 * (kTaskIdBytes - kActorIdBytes)));
  if (!names_an_actor(actor)) return begins_nil ? TaskType::driver_task : TaskType::normal_task;
  return begins_nil ? TaskType::actor_creation_task : TaskType::actor_task;
}

void take_definition(TaskPiece& task, const TaskPiece& from) {
  task.has_definition = true;
  task.type = from.type;
  task.name = from.name;
  task.func_or_class_name = from.func_or_class_name;
  task.language = from.language;
  task.parent_task_id = from.parent_task_id;
  task.placement_group_id = from.placement_group_id;
  task.serialized_runtime_env = from.serialized_runtime_env;
  task.call_site = from.call_site;
  task.required_resources = from.required_resources;
  task.label_selector = from.label_selector;
  task.fallback_strategy = from.fallback_strategy;
  task.is_detached_actor = from.is_detached_actor;
  if (task.actor_id.empty()) task.actor_id = from.actor_id;
  if (task.job_id.empty()) task.job_id = from.job_id;
}

// A text of the JSON object that a profile event's extra data is.
std::optional<std::string> text_in(std::string_view extra_data, std::string_view key) {
  // Seldom asked: only where a task's owner was silent.
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(extra_data);
  simdjson::ondemand::document document;
  std::string_view text;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
  if (document[key].get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

// The profile event that spans the whole execution.
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

}  // namespace

// --- adding ---

void SessionBuilder::add(const TaskPiece& task) {
  if (task.task_id.empty()) return;
  Shard& shard = shards_[std::hash<std::string_view>()(task.task_id) % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.index.find({task.task_id, task.attempt});
  TaskPiece* into = nullptr;
  if (found != shard.index.end()) {
    into = found->second;
  } else {
    into = shard.tasks.emplace_back(std::make_unique<TaskPiece>()).get();
    into->task_id = shard.texts.keep(task.task_id);
    into->attempt = task.attempt;
    shard.index.emplace(TaskKey{into->task_id, task.attempt}, into);
  }
  merge(*into, task, shard.texts);
}

template <typename Piece>
void SessionBuilder::add_to(ById<Piece>& pieces, std::string_view Piece::*id, const Piece& piece) {
  if ((piece.*id).empty()) return;
  const std::lock_guard lock(mutex_);
  auto found = pieces.find(piece.*id);
  if (found == pieces.end()) {
    found = pieces.emplace(texts_.keep(piece.*id), Piece()).first;
    found->second.*id = found->first;
  }
  merge(found->second, piece, texts_);
}

void SessionBuilder::add(const ActorPiece& actor) {
  add_to<ActorPiece>(actors_, &ActorPiece::actor_id, actor);
}
void SessionBuilder::add(const NodePiece& node) {
  add_to<NodePiece>(nodes_, &NodePiece::node_id, node);
}
void SessionBuilder::add(const WorkerPiece& worker) {
  add_to<WorkerPiece>(workers_, &WorkerPiece::worker_id, worker);
}
void SessionBuilder::add(const DriverPiece& driver) {
  add_to(drivers_, &DriverPiece::job_id, driver);
}
void SessionBuilder::add(const SubmissionPiece& submission) {
  add_to(submissions_, &SubmissionPiece::submission_id, submission);
}
void SessionBuilder::add(const PlatformEventPiece& event) {
  add_to<PlatformEventPiece>(platform_events_, &PlatformEventPiece::event_id, event);
}

void SessionBuilder::add(const PlacementGroupPiece& group) {
  add_to<PlacementGroupPiece>(placement_groups_, &PlacementGroupPiece::placement_group_id, group);
}
void SessionBuilder::add(const AutoscalerReportPiece& report) {
  add_to<AutoscalerReportPiece>(autoscaler_reports_, &AutoscalerReportPiece::event_id, report);
}
void SessionBuilder::add(const NodeProvisioning& provisioning) {
  const std::lock_guard lock(mutex_);
  merge(provisioning_, provisioning, texts_);
}

void SessionBuilder::add(const ExportedDatasetPiece& dataset) {
  add_to<ExportedDatasetPiece>(exported_datasets_, &ExportedDatasetPiece::dataset_id, dataset);
}

void SessionBuilder::add(const ExportedTrainPiece& row) {
  if (row.run_id.empty()) return;
  const std::lock_guard lock(mutex_);
  const std::pair key(texts_.keep(row.run_id), texts_.keep(row.attempt_id));
  ExportedTrainPiece& into = exported_train_rows_[key];
  std::tie(into.run_id, into.attempt_id) = key;
  merge(into, row, texts_);
}

void SessionBuilder::set_folder(std::string_view folder) {
  const std::lock_guard lock(mutex_);
  folder_ = folder;
}

void SessionBuilder::add_unknown_event(std::string_view type) {
  const std::lock_guard lock(mutex_);
  std::map<std::string_view, uint64_t>& of_type = unknown_events_.of_type;
  if (!is_event_type(type)) {
    ++unknown_events_.of_other_types;
    return;
  }
  auto found = of_type.find(type);
  // The first ones by name, so that it does not depend on the order of the events: a type that had to go
  // never comes back.
  if (found == of_type.end()) {
    if (of_type.size() == kUnknownTypesNamed) {
      const auto last = std::prev(of_type.end());
      if (last->first < type) {
        ++unknown_events_.of_other_types;
        return;
      }
      unknown_events_.of_other_types += last->second;
      of_type.erase(last);
    }
    found = of_type.emplace(texts_.keep(type), 0).first;
  }
  ++found->second;
}

void SessionBuilder::add(const FetchedJobPiece& job) {
  if (job.job_id.empty() && job.submission_id.empty()) return;
  const std::lock_guard lock(mutex_);
  const std::pair key(texts_.keep(job.job_id), texts_.keep(job.submission_id));
  FetchedJobPiece& into = fetched_jobs_[key];
  std::tie(into.job_id, into.submission_id) = key;
  merge(into, job, texts_);
}

void SessionBuilder::add_snapshot(const TaskPiece& task) {
  if (task.task_id.empty()) return;
  const std::lock_guard lock(mutex_);
  TaskPiece& kept = snapshot_tasks_.emplace_back();
  kept.task_id = texts_.keep(task.task_id);
  kept.attempt = task.attempt;
  merge(kept, task, texts_);
}

void SessionBuilder::add_snapshot(Actor actor) {
  if (actor.actor_id.empty()) return;
  const std::lock_guard lock(mutex_);
  keep_texts(actor, texts_);
  snapshot_actors_.push_back(std::move(actor));
}

void SessionBuilder::add_snapshot(Node node) {
  if (node.node_id.empty()) return;
  const std::lock_guard lock(mutex_);
  keep_texts(node, texts_);
  snapshot_nodes_.push_back(std::move(node));
}

// --- building ---

bool SessionBuilder::has(const TaskPiece& task) const {
  return shards_[std::hash<std::string_view>()(task.task_id) % kShards].index.contains(
      {task.task_id, task.attempt});
}

void SessionBuilder::take_snapshot_tasks(BuildSteps& steps) {
  std::vector<TaskPiece> tasks = std::exchange(snapshot_tasks_, {});
  std::erase_if(tasks, [this](const TaskPiece& task) { return has(task); });
  for (const TaskPiece& task : tasks) {
    if (steps.must_end()) return;
    add(task);
  }
}

namespace {

PlacementGroup group_row(PlacementGroupPiece piece) {
  settle(piece);
  for (const PlacementGroupChange& change : piece.changes) {
    piece.state = change.state;
    piece.scheduling_state = change.scheduling_state;
    piece.scheduling_attempt = change.scheduling_attempt;
    piece.highest_retry_delay_ms = std::max(piece.highest_retry_delay_ms, change.highest_retry_delay_ms);
    piece.last_change = change.time;
    // It is the last state of a group, whatever comes late.
    if (change.state == kRemovedGroup) break;
  }
  return piece;
}

// Those of `rows` that are not there; of several of one ID, one.
template <typename Row>
void add_missing(std::vector<Row>& into, std::vector<Row> rows, std::string_view Row::*id) {
  sort_by_id(into, id);
  std::erase_if(rows, [&](const Row& row) { return find_by_id(into, id, row.*id) != nullptr; });
  sort_by_id(rows, id);
  const auto equal = [id](const Row& a, const Row& b) { return a.*id == b.*id; };
  rows.erase(std::unique(rows.begin(), rows.end(), equal), rows.end());
  std::move(rows.begin(), rows.end(), std::back_inserter(into));
  sort_by_id(into, id);
}

// By job ID.
using JobEnds = std::unordered_map<std::string_view, UnixNanoseconds>;

JobEnds ends_of(const std::vector<Job>& jobs, const std::vector<DriverPiece>& drivers) {
  JobEnds ends;
  for (const Job& job : jobs)
    if (job.end_time != 0 && !job.job_id.empty()) ends[job.job_id] = job.end_time;
  for (const DriverPiece& driver : drivers)
    if (driver.finished != 0) ends[driver.job_id] = driver.finished;
  return ends;
}

// What attempts of one session are finished with.
class AttemptFinisher {
 public:
  // `state` has all but the attempts; new texts are kept in `texts`.
  AttemptFinisher(const SessionState& state, const JobEnds& job_ends, TextPool& texts)
      : state_(state), texts_(texts), job_ends_(job_ends) {}

  // Before the definitions of other attempts are shared.
  void fill(TaskPiece& task) const {
    settle(task);
    // A thread that submits tasks has the ID of a task that was never one: it is in no event but those of the
    // submissions (Ray: core_worker/context.cc, GetRandomTaskID).
    task.exists = task.has_definition || task.statuses != 0 || execution_of(task) != nullptr;
    fill_from_id(task);
    if (!task.has_definition) fill_from_worker(task);
  }

  void finish(TaskPiece& task) const {
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

 private:
  static bool is_terminal(const TaskAttempt& task) {
    return task.status == TaskStatus::finished || task.status == TaskStatus::failed;
  }

  static void end(TaskAttempt& task, TaskStatus status, UnixNanoseconds time) {
    task.status = status;
    task.reached[static_cast<size_t>(status)] = time;
  }

  static void fill_from_id(TaskPiece& task) {
    if (task.type == TaskType::unknown) task.type = type_by_id(task.task_id);
    const std::string_view actor = actor_part(task.task_id);
    if (task.type == TaskType::actor_creation_task || task.type == TaskType::actor_task) {
      if (task.actor_id.empty() && names_an_actor(actor)) task.actor_id = actor;
    } else {
      task.actor_id = {};
    }
    if (task.job_id.empty() && !actor.empty()) task.job_id = actor.substr(2 * (kActorIdBytes - kJobIdBytes));
  }

  // What the executing worker alone tells. Not where the owner told, though it left out the place: then the
  // live dashboard has none either.
  void fill_from_worker(TaskPiece& task) const {
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

  std::string_view function_of(const TaskAttempt& task, const ProfileEvent& execution) const {
    if (task.type == TaskType::actor_creation_task) return after_last(task.name, ':');
    const auto function = text_in(execution.extra_data, "name");
    if (!function) return task.name;
    if (task.type == TaskType::actor_task && after_last(task.name, '.') == *function) return task.name;
    return texts_.keep(after_last(*function, '.'));
  }

  // Ray: src/ray/gcs, GcsTaskManager; python/ray/util/state/common.py: an actor's repr stands for its class.
  void name_after_actor(TaskPiece& task) const {
    if (task.type != TaskType::actor_task || task.actor_repr_name.empty()) return;
    if (task.name != task.func_or_class_name) return;
    task.name =
        texts_.keep(fmt::format("{}.{}", task.actor_repr_name, after_last(task.func_or_class_name, '.')));
  }

  // The owner did not say how it ended, but the worker recorded that it executed it.
  void end_by_profile(TaskPiece& task) const {
    const ProfileEvent* const execution = execution_of(task);
    if (execution == nullptr || task.type == TaskType::driver_task) return;
    const ProfileEvent* const failure = failure_of(task);
    end(task, failure == nullptr ? TaskStatus::finished : TaskStatus::failed, execution->end);
    if (failure == nullptr || !task.error_type.empty()) return;
    task.error_type = kTaskFailed;
    if (const auto traceback = text_in(failure->extra_data, "traceback"))
      task.error_message = texts_.keep(without_ansi_codes(*traceback));
  }

  // GCS marks what was left behind, without an event: by a worker that died, by a driver that left (Ray:
  // src/ray/gcs, GcsTaskManager::OnWorkerDead and OnJobFinished). Whichever came first.
  void end_by_others(TaskPiece& task) const {
    const Worker* const worker =
        task.worker_id.empty() ? nullptr : find_by_id(state_.workers, &Worker::worker_id, task.worker_id);
    const UnixNanoseconds worker_end =
        worker != nullptr && !worker->is_alive ? worker->end_time_ms * kNanosecondsPerMillisecond : 0;
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

  void fail(TaskPiece& task, UnixNanoseconds time, std::string_view type, const std::string& message) const {
    end(task, TaskStatus::failed, time);
    task.error_type = type;
    task.error_message = texts_.keep(message);
  }

  const SessionState& state_;
  TextPool& texts_;
  const JobEnds& job_ends_;
};

template <typename Pieces>
auto values_of(Pieces& pieces) {
  std::vector<typename Pieces::mapped_type> values;
  values.reserve(pieces.size());
  for (auto& [key, piece] : pieces)
    values.push_back(std::move(piece));
  pieces = {};
  return values;
}

// Calls do_one(i) for each i below `count`, by so many threads.
template <typename DoOne>
void for_each_index(size_t count, unsigned threads, const DoOne& do_one) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++)
      do_one(i);
  };
  std::vector<std::jthread> others;
  while (others.size() + 1 < std::min<size_t>(threads, count))
    others.emplace_back(work);
  work();
}

// A piece with the beginning of its task's ID as a number, so that most of the sorting looks at no piece.
struct Place {
  uint64_t id_begin;
  TaskPiece* piece;

  explicit Place(TaskPiece* of) : id_begin(0), piece(of) {
    std::memcpy(&id_begin, of->task_id.data(), std::min(sizeof id_begin, of->task_id.size()));
    id_begin = be64toh(id_begin);
  }
  bool operator<(const Place& other) const {
    return std::tie(id_begin, piece->task_id, piece->attempt) <
           std::tie(other.id_begin, other.piece->task_id, other.piece->attempt);
  }
};

// Of the attempts in order, some thousand, and all of a task in one. Ends of each, the first one's begin at
// 0.
std::vector<size_t> blocks_of(const std::vector<Place>& places) {
  constexpr size_t kBlock = 1024;
  std::vector<size_t> ends;
  for (size_t end = 0; end < places.size(); ends.push_back(end)) {
    end = std::min(end + kBlock, places.size());
    while (end < places.size() && places[end].piece->task_id == places[end - 1].piece->task_id)
      ++end;
  }
  return ends;
}

// An attempt that was not announced (a retried creation of an actor is not) is defined as the first one that
// was. `places` are in order.
void share_definitions(std::span<const Place> places) {
  for (auto first = places.begin(); first != places.end();) {
    const auto end = std::find_if(first, places.end(), [&](const Place& place) {
      return place.piece->task_id != first->piece->task_id;
    });
    const auto defined =
        std::find_if(first, end, [](const Place& place) { return place.piece->has_definition; });
    if (defined != end) {
      for (auto place = first; place != end; ++place)
        if (!place->piece->has_definition) take_definition(*place->piece, *defined->piece);
    }
    first = end;
  }
}

UnixNanoseconds last_time_in(const SessionState& state, BuildSteps& steps) {
  UnixNanoseconds last = 0;
  const auto see = [&last](UnixNanoseconds time) { last = std::max(last, time); };
  for (const TaskAttempt& task : state.attempts) {
    if (steps.must_end()) break;
    for (const UnixNanoseconds time : task.reached)
      see(time);
    if (!task.profile_events.empty()) see(task.profile_events.back().end);
  }
  for (const Actor& actor : state.actors)
    see(std::max(actor.last_change, actor.end_time));
  for (const Job& job : state.jobs)
    see(std::max({job.start_time, job.end_time, job.driver_end_time}));
  for (const Node& node : state.nodes)
    see(std::max(node.start_time, node.end_time));
  for (const Worker& worker : state.workers)
    see(std::max(worker.start_time_ms, worker.end_time_ms) * kNanosecondsPerMillisecond);
  if (!state.platform_events.empty()) see(state.platform_events.front().time);
  for (const PlacementGroup& group : state.placement_groups)
    see(group.last_change);
  if (!state.autoscaler_reports.empty()) see(state.autoscaler_reports.back().time);
  see(state.provisioning.time);
  return last;
}

uint64_t size_of(const SessionState& state, BuildSteps& steps) {
  uint64_t bytes = state.memory->bytes() + state.attempts.capacity() * sizeof(TaskAttempt) +
                   state.actors.capacity() * sizeof(Actor) + state.jobs.capacity() * sizeof(Job) +
                   state.nodes.capacity() * sizeof(Node) + state.workers.capacity() * sizeof(Worker) +
                   state.platform_events.capacity() * sizeof(PlatformEvent) +
                   state.placement_groups.capacity() * sizeof(PlacementGroup) +
                   state.autoscaler_reports.capacity() * sizeof(AutoscalerReport) +
                   state.exported_datasets.capacity() * sizeof(ExportedDataset) +
                   state.exported_train_rows.capacity() * sizeof(ExportedTrainRow);
  for (const TaskAttempt& task : state.attempts) {
    if (steps.must_end()) break;
    bytes += task.profile_events.capacity() * sizeof(ProfileEvent) +
             task.required_resources.capacity() * sizeof(Resources::value_type) +
             task.label_selector.capacity() * sizeof(TextMap::value_type);
  }
  for (const Actor& actor : state.actors)
    bytes += actor.transitions.capacity() * sizeof(ActorTransition);
  for (const ExportedDataset& dataset : state.exported_datasets)
    bytes += dataset.operators.capacity() * sizeof(ExportedOperator);
  for (const PlacementGroup& group : state.placement_groups) {
    bytes += group.bundles.capacity() * sizeof(PlacementGroupBundle);
    for (const PlacementGroupBundle& bundle : group.bundles) {
      bytes += bundle.unit_resources.capacity() * sizeof(Resources::value_type) +
               bundle.label_selector.capacity() * sizeof(TextMap::value_type);
    }
  }
  return bytes;
}

Error build_cancelled() {
  return Error{ErrorKind::cancelled,
               "putting the session's state together was cancelled by its deadline or a stop"};
}

}  // namespace

uint64_t SessionBuilder::bytes_to_build() const {
  uint64_t tasks = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    tasks += shard.tasks.size();
  }
  return tasks * (sizeof(TaskAttempt) + sizeof(Place));
}

Result<std::shared_ptr<SessionState>> SessionBuilder::build(const Deadline& deadline, unsigned threads) {
  BuildSteps steps(deadline);
  auto state = std::make_shared<SessionState>();
  for (NodePiece& node : values_of(nodes_)) {
    if (steps.must_end()) break;
    state->nodes.push_back(node_row(std::move(node), texts_));
  }
  add_missing(state->nodes, std::exchange(snapshot_nodes_, {}), &Node::node_id);
  for (ActorPiece& actor : values_of(actors_)) {
    if (steps.must_end()) break;
    state->actors.push_back(actor_row(std::move(actor), state->nodes));
  }
  add_missing(state->actors, std::exchange(snapshot_actors_, {}), &Actor::actor_id);
  take_snapshot_tasks(steps);
  for (WorkerPiece& worker : values_of(workers_)) {
    if (steps.must_end()) break;
    if (const Node* node = state->find_node(worker.node_id)) worker.ip_address = node->ip_address;
    state->workers.push_back(worker);
  }
  sort_by_id(state->workers, &Worker::worker_id);
  find_constructors(state->actors, state->workers, steps);
  for (const PlatformEventPiece& event : values_of(platform_events_)) {
    if (steps.must_end()) break;
    state->platform_events.push_back(event);
  }
  std::sort(state->platform_events.begin(), state->platform_events.end(),
            [](const PlatformEvent& a, const PlatformEvent& b) {
              return std::tie(b.time, a.event_id) < std::tie(a.time, b.event_id);
            });
  for (PlacementGroupPiece& group : values_of(placement_groups_)) {
    if (steps.must_end()) break;
    state->placement_groups.push_back(group_row(std::move(group)));
  }
  sort_by_id(state->placement_groups, &PlacementGroup::placement_group_id);
  for (const AutoscalerReportPiece& report : values_of(autoscaler_reports_)) {
    if (steps.must_end()) break;
    state->autoscaler_reports.push_back(report);
  }
  std::sort(state->autoscaler_reports.begin(), state->autoscaler_reports.end(),
            [](const AutoscalerReport& a, const AutoscalerReport& b) {
              return std::tie(a.time, a.event_id) < std::tie(b.time, b.event_id);
            });
  state->provisioning = std::exchange(provisioning_, {});
  state->folder = std::exchange(folder_, {});
  for (ExportedDatasetPiece& dataset : values_of(exported_datasets_)) {
    if (steps.must_end()) break;
    state->exported_datasets.push_back(std::move(dataset));
  }
  sort_by_id(state->exported_datasets, &ExportedDataset::dataset_id);
  for (const auto& [key, row] : std::exchange(exported_train_rows_, {})) {
    if (steps.must_end()) break;
    state->exported_train_rows.push_back(row);
  }
  state->unknown_events = std::exchange(unknown_events_, {});
  const std::vector<DriverPiece> drivers = values_of(drivers_);
  state->jobs =
      job_rows(drivers, values_of(submissions_), values_of(fetched_jobs_), state->actors, state->nodes);

  std::vector<Place> places;
  for (Shard& shard : shards_) {
    shard.index = {};
    for (const auto& task : shard.tasks) {
      if (steps.must_end()) break;
      places.emplace_back(task.get());
    }
  }
  if (steps.must_end_now()) return build_cancelled();
  std::sort(places.begin(), places.end());

  if (steps.must_end_now()) return build_cancelled();
  const JobEnds job_ends = ends_of(state->jobs, drivers);
  const std::vector<size_t> ends = blocks_of(places);
  std::vector<TextPool> block_texts(ends.size());
  for_each_index(ends.size(), threads, [&](size_t i) {
    const size_t begin = i == 0 ? 0 : ends[i - 1];
    const std::span<const Place> block(places.data() + begin, ends[i] - begin);
    const AttemptFinisher finisher(*state, job_ends, block_texts[i]);
    BuildSteps block_steps(deadline);
    for (const Place& place : block) {
      if (block_steps.must_end()) return;
      finisher.fill(*place.piece);
    }
    share_definitions(block);
    for (const Place& place : block) {
      if (block_steps.must_end()) return;
      finisher.finish(*place.piece);
      place.piece->profile_events.shrink_to_fit();
    }
  });

  // Also where a block has ended early.
  if (steps.must_end_now()) return build_cancelled();

  state->attempts.reserve(places.size());
  use_large_pages(state->attempts.data(), state->attempts.capacity() * sizeof(TaskAttempt));
  for (const Place& place : places) {
    if (steps.must_end()) break;
    if (place.piece->exists) state->attempts.push_back(std::move(*place.piece));
  }
  for_each_index(shards_.size(), threads, [&](size_t i) {
    shards_[i].tasks.clear();
    shards_[i].tasks.shrink_to_fit();
  });

  find_process_ids(state->actors, state->attempts, steps);
  state->last_seen = last_time_in(*state, steps);

  auto memory = std::make_shared<TextMemory>();
  for (Shard& shard : shards_)
    memory->take(shard.texts.take_memory());
  for (TextPool& texts : block_texts)
    memory->take(texts.take_memory());
  memory->take(texts_.take_memory());
  state->memory = std::move(memory);
  state->bytes = size_of(*state, steps);
  if (steps.must_end_now()) return build_cancelled();
  return state;
}

}  // namespace rayhistory::historyserver
