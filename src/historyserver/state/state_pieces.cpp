#include "historyserver/state/state_pieces.h"

#include <algorithm>
#include <initializer_list>
#include <tuple>

#include "historyserver/state/text_memory.h"

namespace rayhistory::historyserver {
namespace {

template <typename Value>
void merge_greater(Value& into, const Value& from) {
  if (into < from) into = from;
}

void merge_earlier(UnixNanoseconds& into, UnixNanoseconds from) {
  if (from != 0 && (into == 0 || from < into)) into = from;
}

void merge_text(std::string_view& into, std::string_view from, TextPool& texts) {
  if (!from.empty() && into < from) into = texts.keep(from);
}

// By base classes, too: their members are those of what is derived.
template <typename Piece, typename Row>
void merge_texts(Piece& into, const Piece& from, TextPool& texts,
                 std::initializer_list<std::string_view Row::*> members) {
  for (const auto member : members)
    merge_text(into.*member, from.*member, texts);
}

void keep_texts(Resources& resources, TextPool& texts) {
  for (auto& [name, amount] : resources)
    name = texts.keep(name);
}

void keep_texts(TextMap& map, TextPool& texts) {
  for (auto& [key, value] : map) {
    key = texts.keep(key);
    value = texts.keep(value);
  }
}

void merge_resources(Resources& into, const Resources& from, TextPool& texts) {
  if (!(into < from)) return;
  into = from;
  keep_texts(into, texts);
}

void merge_map(TextMap& into, const TextMap& from, TextPool& texts) {
  if (!(into < from)) return;
  into = from;
  keep_texts(into, texts);
}

auto order_of(const ProfileEvent& event) {
  return std::tie(event.end, event.start, event.name, event.extra_data);
}

// Where two transitions have one time: as an actor goes through them.
int rank_of_actor_state(std::string_view state) {
  constexpr std::array<std::string_view, 5> kOrder = {"DEPENDENCIES_UNREADY", "PENDING_CREATION",
                                                      "RESTARTING", "ALIVE", "DEAD"};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), state) - kOrder.begin());
}

auto order_of(const ActorChange& change) {
  return std::make_tuple(change.time, rank_of_actor_state(change.state), change.state, change.node_id,
                         change.worker_id, change.pid, change.port, change.repr_name, change.restart_reason,
                         change.death_cause, change.exit_detail, change.died_pid, change.died_ip);
}

auto order_of(const NodeChange& change) {
  return std::tie(change.time, change.state, change.alive_sub_state, change.death_reason,
                  change.death_message, change.resources);
}

int rank_of_submission_status(std::string_view status) {
  constexpr std::array<std::string_view, 2> kOrder = {"PENDING", "RUNNING"};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), status) - kOrder.begin());
}

auto order_of(const SubmissionChange& change) {
  return std::make_tuple(change.time, rank_of_submission_status(change.status), change.status, change.message,
                         change.error_type, change.node_id, change.agent_address, change.exit_code);
}

// Where two transitions have one time: as a group goes through them.
int rank_of_group_state(std::string_view state) {
  constexpr std::array<std::string_view, 5> kOrder = {"RESCHEDULING", "PENDING", "PREPARED", "CREATED",
                                                      "REMOVED"};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), state) - kOrder.begin());
}

auto order_of(const PlacementGroupChange& change) {
  return std::make_tuple(change.time, change.scheduling_attempt, rank_of_group_state(change.state),
                         change.state, change.scheduling_state, change.highest_retry_delay_ms);
}

auto order_of(const PlacementGroupBundle& bundle) {
  return std::tie(bundle.index, bundle.unit_resources, bundle.label_selector);
}

// One event defines a thing; of two that differ, the one that says more.
bool says_less(const std::vector<PlacementGroupBundle>& bundles,
               const std::vector<PlacementGroupBundle>& others) {
  if (bundles.size() != others.size()) return bundles.size() < others.size();
  return std::lexicographical_compare(
      bundles.begin(), bundles.end(), others.begin(), others.end(),
      [](const PlacementGroupBundle& a, const PlacementGroupBundle& b) { return order_of(a) < order_of(b); });
}

// Sorts, and leaves one of equal ones.
template <typename Item>
void sort_unique(std::vector<Item>& items) {
  const auto less = [](const Item& a, const Item& b) { return order_of(a) < order_of(b); };
  const auto equal = [](const Item& a, const Item& b) { return order_of(a) == order_of(b); };
  std::sort(items.begin(), items.end(), less);
  items.erase(std::unique(items.begin(), items.end(), equal), items.end());
}

// An event that is sent again and again must not fill the memory, and looking each item up would take a
// driver's 50,000 the square of that: so they are made once each whenever their number has doubled.
constexpr size_t kSortedAtLeast = 16;

bool is_due_for_sorting(size_t size, size_t sorted) {
  return size > 2 * std::max(sorted, kSortedAtLeast);
}

void keep_texts(ActorChange& change, TextPool& texts) {
  for (std::string_view* text :
       {&change.state, &change.node_id, &change.worker_id, &change.repr_name, &change.restart_reason,
        &change.exit_detail, &change.death_cause, &change.died_ip})
    *text = texts.keep(*text);
}

void keep_texts(NodeChange& change, TextPool& texts) {
  for (std::string_view* text :
       {&change.state, &change.alive_sub_state, &change.death_reason, &change.death_message})
    *text = texts.keep(*text);
  keep_texts(change.resources, texts);
}

void keep_texts(SubmissionChange& change, TextPool& texts) {
  for (std::string_view* text :
       {&change.status, &change.message, &change.error_type, &change.node_id, &change.agent_address})
    *text = texts.keep(*text);
}

// A stream's file and where it begins come in one event, where it ends in another.
void merge_log(std::string_view& file, int64_t& start, int64_t& end, std::string_view from_file,
               int64_t from_start, int64_t from_end, TextPool& texts) {
  if (std::tie(file, start) < std::tie(from_file, from_start) && !from_file.empty()) {
    file = texts.keep(from_file);
    start = from_start;
  }
  merge_greater(end, from_end);
}

}  // namespace

void merge(TaskPiece& into, const TaskPiece& from, TextPool& texts) {
  merge_texts<TaskPiece, TaskAttempt>(
      into, from, texts,
      {&TaskAttempt::name, &TaskAttempt::func_or_class_name, &TaskAttempt::language, &TaskAttempt::job_id,
       &TaskAttempt::actor_id, &TaskAttempt::parent_task_id, &TaskAttempt::placement_group_id,
       &TaskAttempt::node_id, &TaskAttempt::worker_id, &TaskAttempt::serialized_runtime_env,
       &TaskAttempt::call_site, &TaskAttempt::fallback_strategy, &TaskAttempt::profile_component_type,
       &TaskAttempt::profile_component_id, &TaskAttempt::profile_node_ip});
  merge_text(into.sender_node_id, from.sender_node_id, texts);
  merge_text(into.actor_repr_name, from.actor_repr_name, texts);
  merge_greater(into.type, from.type);
  merge_greater(into.worker_pid, from.worker_pid);
  merge_greater(into.is_detached_actor, from.is_detached_actor);
  merge_greater(into.has_definition, from.has_definition);
  merge_resources(into.required_resources, from.required_resources, texts);
  merge_map(into.label_selector, from.label_selector, texts);
  into.statuses |= from.statuses;
  for (size_t i = 0; i < kTaskStatuses; ++i)
    merge_earlier(into.reached[i], from.reached[i]);
  if (from.is_debugger_paused && std::tie(into.debugger_time, into.is_debugger_paused) <
                                     std::tie(from.debugger_time, from.is_debugger_paused)) {
    into.debugger_time = from.debugger_time;
    into.is_debugger_paused = from.is_debugger_paused;
  }
  if (std::tie(into.error_type, into.error_message) < std::tie(from.error_type, from.error_message)) {
    into.error_type = texts.keep(from.error_type);
    into.error_message = texts.keep(from.error_message);
  }
  merge_log(into.stdout_file, into.stdout_start, into.stdout_end, from.stdout_file, from.stdout_start,
            from.stdout_end, texts);
  merge_log(into.stderr_file, into.stderr_start, into.stderr_end, from.stderr_file, from.stderr_start,
            from.stderr_end, texts);
  into.profile_events.reserve(into.profile_events.size() +
                              (into.profile_events.empty() ? from.profile_events.size() : 0));
  for (ProfileEvent event : from.profile_events) {
    event.name = texts.keep(event.name);
    event.extra_data = texts.keep(event.extra_data);
    into.profile_events.push_back(event);
  }
  if (is_due_for_sorting(into.profile_events.size(), into.profile_events_sorted)) settle(into);
}

void merge(ActorPiece& into, const ActorPiece& from, TextPool& texts) {
  merge_texts<ActorPiece, Actor>(
      into, from, texts,
      {&Actor::job_id, &Actor::name, &Actor::ray_namespace, &Actor::class_name,
       &Actor::serialized_runtime_env, &Actor::placement_group_id, &Actor::call_site, &Actor::parent_id});
  merge_greater(into.is_detached, from.is_detached);
  merge_resources(into.required_resources, from.required_resources, texts);
  merge_map(into.label_selector, from.label_selector, texts);
  for (ActorChange change : from.changes) {
    keep_texts(change, texts);
    into.changes.push_back(change);
  }
  if (is_due_for_sorting(into.changes.size(), into.changes_sorted)) settle(into);
}

void merge(NodePiece& into, const NodePiece& from, TextPool& texts) {
  merge_texts<NodePiece, Node>(
      into, from, texts,
      {&Node::ip_address, &Node::host_name, &Node::name, &Node::instance_id, &Node::instance_type});
  merge_map(into.labels, from.labels, texts);
  merge_earlier(into.start_time, from.start_time);
  for (NodeChange change : from.changes) {
    keep_texts(change, texts);
    into.changes.push_back(std::move(change));
  }
  // A node has one event of each kind; repeats are equal.
  settle(into);
}

void merge(WorkerPiece& into, const WorkerPiece& from, TextPool& texts) {
  merge_texts<WorkerPiece, Worker>(into, from, texts, {&Worker::node_id, &Worker::type, &Worker::job_id});
  merge_greater(into.pid, from.pid);
  into.is_alive = into.is_alive && from.is_alive;
  if (std::tie(into.exit_type, into.exit_detail) < std::tie(from.exit_type, from.exit_detail)) {
    into.exit_type = texts.keep(from.exit_type);
    into.exit_detail = texts.keep(from.exit_detail);
  }
  merge_greater(into.launch_time_ms, from.launch_time_ms);
  merge_greater(into.launched_time_ms, from.launched_time_ms);
  merge_greater(into.start_time_ms, from.start_time_ms);
  merge_greater(into.end_time_ms, from.end_time_ms);
}

void merge(DriverPiece& into, const DriverPiece& from, TextPool& texts) {
  merge_texts<DriverPiece, DriverPiece>(
      into, from, texts,
      {&DriverPiece::entrypoint, &DriverPiece::node_id, &DriverPiece::serialized_runtime_env});
  merge_map(into.metadata, from.metadata, texts);
  merge_greater(into.pid, from.pid);
  merge_earlier(into.created, from.created);
  merge_earlier(into.finished, from.finished);
}

void merge(SubmissionPiece& into, const SubmissionPiece& from, TextPool& texts) {
  merge_texts<SubmissionPiece, SubmissionPiece>(
      into, from, texts,
      {&SubmissionPiece::entrypoint, &SubmissionPiece::serialized_runtime_env, &SubmissionPiece::log_node_id,
       &SubmissionPiece::log_entrypoint});
  merge_map(into.metadata, from.metadata, texts);
  for (SubmissionChange change : from.changes) {
    keep_texts(change, texts);
    into.changes.push_back(change);
  }
  merge_earlier(into.log_start, from.log_start);
  merge_greater(into.log_end, from.log_end);
  settle(into);  // a handful
}

void merge(FetchedJobPiece& into, const FetchedJobPiece& from, TextPool& texts) {
  merge_texts<FetchedJobPiece, Job>(
      into, from, texts,
      {&Job::status, &Job::entrypoint, &Job::message, &Job::error_type, &Job::driver_node_id,
       &Job::driver_node_ip, &Job::driver_agent_http_address, &Job::serialized_runtime_env});
  merge_map(into.metadata, from.metadata, texts);
  merge_greater(into.driver_exit_code, from.driver_exit_code);
  merge_greater(into.driver_pid, from.driver_pid);
  merge_earlier(into.start_time, from.start_time);
  merge_greater(into.end_time, from.end_time);
}

void merge(PlatformEventPiece& into, const PlatformEventPiece& from, TextPool& texts) {
  if (std::tie(from.time, from.json) <= std::tie(into.time, into.json)) return;
  into.time = from.time;
  into.json = texts.keep(from.json);
}

void merge(PlacementGroupPiece& into, const PlacementGroupPiece& from, TextPool& texts) {
  merge_texts<PlacementGroupPiece, PlacementGroup>(into, from, texts,
                                                   {&PlacementGroup::name, &PlacementGroup::creator_job_id});
  merge_greater(into.is_detached, from.is_detached);
  merge_earlier(into.requested, from.requested);
  if (says_less(into.bundles, from.bundles)) {
    into.bundles = from.bundles;
    for (PlacementGroupBundle& bundle : into.bundles) {
      keep_texts(bundle.unit_resources, texts);
      keep_texts(bundle.label_selector, texts);
    }
  }
  for (PlacementGroupChange change : from.changes) {
    change.state = texts.keep(change.state);
    change.scheduling_state = texts.keep(change.scheduling_state);
    into.changes.push_back(change);
  }
  if (is_due_for_sorting(into.changes.size(), into.changes_sorted)) settle(into);
}

void merge(AutoscalerReportPiece& into, const AutoscalerReportPiece& from, TextPool& texts) {
  if (std::tie(from.time, from.message) <= std::tie(into.time, into.message)) return;
  into.time = from.time;
  into.message = texts.keep(from.message);
  into.is_warning = from.is_warning;
}

void merge(NodeProvisioning& into, const NodeProvisioning& from, TextPool& texts) {
  if (std::tie(from.time, from.pending, from.failed) <= std::tie(into.time, into.pending, into.failed))
    return;
  into.time = from.time;
  into.pending = texts.keep(from.pending);
  into.failed = texts.keep(from.failed);
}

void merge(ExportedDatasetPiece& into, const ExportedDatasetPiece& from, TextPool& texts) {
  const auto order_of = [](const ExportedDatasetPiece& dataset) {
    return std::make_tuple(dataset.told, dataset.progress, dataset.operator_progress, dataset.end_seconds,
                           dataset.operators.size(), dataset.state);
  };
  if (order_of(from) <= order_of(into)) return;
  const std::string_view id = into.dataset_id;
  into = from;
  into.dataset_id = id;
  into.job_id = texts.keep(from.job_id);
  into.state = texts.keep(from.state);
  for (ExportedOperator& each : into.operators)
    each = {texts.keep(each.operator_id), texts.keep(each.name), texts.keep(each.state)};
}

void merge(ExportedTrainPiece& into, const ExportedTrainPiece& from, TextPool& texts) {
  if (std::tie(from.told, from.progress, from.json) <= std::tie(into.told, into.progress, into.json)) return;
  into.told = from.told;
  into.progress = from.progress;
  into.has_ended = from.has_ended;
  into.json = texts.keep(from.json);
}

void keep_texts(Actor& actor, TextPool& texts) {
  for (std::string_view* text :
       {&actor.actor_id, &actor.job_id, &actor.name, &actor.ray_namespace, &actor.class_name,
        &actor.repr_name, &actor.state, &actor.node_id, &actor.worker_id, &actor.ip_address,
        &actor.serialized_runtime_env, &actor.placement_group_id, &actor.call_site, &actor.parent_id,
        &actor.exit_detail, &actor.death_cause})
    *text = texts.keep(*text);
  keep_texts(actor.required_resources, texts);
  keep_texts(actor.label_selector, texts);
}

void keep_texts(Node& node, TextPool& texts) {
  for (std::string_view* text :
       {&node.node_id, &node.ip_address, &node.host_name, &node.name, &node.instance_id, &node.instance_type,
        &node.alive_sub_state, &node.death_reason, &node.death_message, &node.state_message})
    *text = texts.keep(*text);
  keep_texts(node.resources, texts);
  keep_texts(node.labels, texts);
}

void settle(TaskPiece& task) {
  sort_unique(task.profile_events);
  task.profile_events_sorted = task.profile_events.size();
}

void settle(ActorPiece& actor) {
  sort_unique(actor.changes);
  // One transition, whatever else is said of it: of several, the one that says most.
  auto kept = actor.changes.begin();
  for (auto change = actor.changes.begin(); change != actor.changes.end(); ++change) {
    const bool is_same =
        kept != actor.changes.begin() && kept[-1].time == change->time && kept[-1].state == change->state;
    if (is_same) {
      kept[-1] = *change;
    } else {
      *kept++ = *change;
    }
  }
  actor.changes.erase(kept, actor.changes.end());
  actor.changes_sorted = actor.changes.size();
}

void settle(NodePiece& node) {
  sort_unique(node.changes);
}

void settle(SubmissionPiece& submission) {
  sort_unique(submission.changes);
}

void settle(PlacementGroupPiece& group) {
  sort_unique(group.changes);
  group.changes_sorted = group.changes.size();
}

}  // namespace rayhistory::historyserver
