#include "historyserver/state/session_builder.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

#include "base/large_pages.h"
#include "historyserver/state/actor_rows.h"
#include "historyserver/state/attempt_finisher.h"
#include "historyserver/state/for_each_index.h"
#include "historyserver/state/job_rows.h"
#include "historyserver/state/node_row.h"
#include "historyserver/state/placement_group_row.h"
#include "historyserver/state/rows_by_id.h"
#include "historyserver/state/state_totals.h"
#include "historyserver/state/unknown_events.h"

namespace rayhistory::historyserver {
namespace {

template <typename Pieces>
auto values_of(Pieces& pieces) {
  std::vector<typename Pieces::mapped_type> values;
  values.reserve(pieces.size());
  for (auto& [key, piece] : pieces)
    values.push_back(std::move(piece));
  pieces = {};
  return values;
}

template <typename Pieces, typename Row>
void move_rows(Pieces& pieces, std::vector<Row>& rows, BuildSteps& steps) {
  for (auto& piece : values_of(pieces)) {
    if (steps.must_end()) break;
    rows.push_back(std::move(piece));
  }
}

Error build_cancelled() {
  return Error{ErrorKind::cancelled,
               "putting the session's state together was cancelled by its deadline or a stop"};
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
  count_unknown_event(unknown_events_, type, texts_);
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

uint64_t SessionBuilder::bytes_to_build() const {
  uint64_t tasks = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    tasks += shard.tasks.size();
  }
  return tasks * (sizeof(TaskAttempt) + sizeof(AttemptPlace));
}

Result<std::shared_ptr<SessionState>> SessionBuilder::build(const Deadline& deadline, unsigned threads) {
  BuildSteps steps(deadline);
  auto state = std::make_shared<SessionState>();
  build_nodes(*state, steps);
  build_actors(*state, steps);
  take_snapshot_tasks(steps);
  build_workers(*state, steps);
  find_constructors(state->actors, state->workers, steps);
  build_platform_events(*state, steps);
  build_placement_groups(*state, steps);
  build_autoscaler_reports(*state, steps);
  build_exported_rows(*state, steps);
  state->provisioning = std::exchange(provisioning_, {});
  state->folder = std::exchange(folder_, {});
  state->unknown_events = std::exchange(unknown_events_, {});
  const JobEnds job_ends = build_jobs(*state);

  std::vector<AttemptPlace> places = take_places(steps);
  if (steps.must_end_now()) return build_cancelled();
  std::sort(places.begin(), places.end());
  if (steps.must_end_now()) return build_cancelled();
  std::vector<TextPool> block_texts = finish_attempts(places, *state, job_ends, deadline, threads);
  // It ends here also where a block has ended early.
  if (steps.must_end_now()) return build_cancelled();
  build_attempts(*state, places, steps);
  free_tasks(threads);

  find_process_ids(state->actors, state->attempts, steps);
  state->last_seen = last_time_in(*state, steps);
  state->memory = take_texts(block_texts);
  state->bytes = size_of(*state, steps);
  if (steps.must_end_now()) return build_cancelled();
  return state;
}

void SessionBuilder::build_nodes(SessionState& state, BuildSteps& steps) {
  for (NodePiece& node : values_of(nodes_)) {
    if (steps.must_end()) break;
    state.nodes.push_back(node_row(std::move(node), texts_));
  }
  add_missing(state.nodes, std::exchange(snapshot_nodes_, {}), &Node::node_id);
}

void SessionBuilder::build_actors(SessionState& state, BuildSteps& steps) {
  for (ActorPiece& actor : values_of(actors_)) {
    if (steps.must_end()) break;
    state.actors.push_back(actor_row(std::move(actor), state.nodes));
  }
  add_missing(state.actors, std::exchange(snapshot_actors_, {}), &Actor::actor_id);
}

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

void SessionBuilder::build_workers(SessionState& state, BuildSteps& steps) {
  for (WorkerPiece& worker : values_of(workers_)) {
    if (steps.must_end()) break;
    if (const Node* node = state.find_node(worker.node_id)) worker.ip_address = node->ip_address;
    state.workers.push_back(worker);
  }
  sort_by_id(state.workers, &Worker::worker_id);
}

void SessionBuilder::build_platform_events(SessionState& state, BuildSteps& steps) {
  move_rows(platform_events_, state.platform_events, steps);
  std::sort(state.platform_events.begin(), state.platform_events.end(),
            [](const PlatformEvent& a, const PlatformEvent& b) {
              return std::tie(b.time, a.event_id) < std::tie(a.time, b.event_id);
            });
}

void SessionBuilder::build_placement_groups(SessionState& state, BuildSteps& steps) {
  for (PlacementGroupPiece& group : values_of(placement_groups_)) {
    if (steps.must_end()) break;
    state.placement_groups.push_back(placement_group_row(std::move(group)));
  }
  sort_by_id(state.placement_groups, &PlacementGroup::placement_group_id);
}

void SessionBuilder::build_autoscaler_reports(SessionState& state, BuildSteps& steps) {
  move_rows(autoscaler_reports_, state.autoscaler_reports, steps);
  std::sort(state.autoscaler_reports.begin(), state.autoscaler_reports.end(),
            [](const AutoscalerReport& a, const AutoscalerReport& b) {
              return std::tie(a.time, a.event_id) < std::tie(b.time, b.event_id);
            });
}

void SessionBuilder::build_exported_rows(SessionState& state, BuildSteps& steps) {
  move_rows(exported_datasets_, state.exported_datasets, steps);
  sort_by_id(state.exported_datasets, &ExportedDataset::dataset_id);
  for (const auto& [key, row] : std::exchange(exported_train_rows_, {})) {
    if (steps.must_end()) break;
    state.exported_train_rows.push_back(row);
  }
}

JobEnds SessionBuilder::build_jobs(SessionState& state) {
  const std::vector<DriverPiece> drivers = values_of(drivers_);
  state.jobs =
      job_rows(drivers, values_of(submissions_), values_of(fetched_jobs_), state.actors, state.nodes);
  return ends_of(state.jobs, drivers);
}

std::vector<AttemptPlace> SessionBuilder::take_places(BuildSteps& steps) {
  std::vector<AttemptPlace> places;
  for (Shard& shard : shards_) {
    shard.index = {};
    for (const auto& task : shard.tasks) {
      if (steps.must_end()) break;
      places.emplace_back(task.get());
    }
  }
  return places;
}

void SessionBuilder::build_attempts(SessionState& state, std::span<const AttemptPlace> places,
                                    BuildSteps& steps) {
  state.attempts.reserve(places.size());
  use_large_pages(state.attempts.data(), state.attempts.capacity() * sizeof(TaskAttempt));
  for (const AttemptPlace& place : places) {
    if (steps.must_end()) break;
    if (place.piece->exists) state.attempts.push_back(std::move(*place.piece));
  }
}

void SessionBuilder::free_tasks(unsigned threads) {
  for_each_index(shards_.size(), threads, [&](size_t i) {
    shards_[i].tasks.clear();
    shards_[i].tasks.shrink_to_fit();
  });
}

std::shared_ptr<const TextMemory> SessionBuilder::take_texts(std::vector<TextPool>& block_texts) {
  auto memory = std::make_shared<TextMemory>();
  for (Shard& shard : shards_)
    memory->take(shard.texts.take_memory());
  for (TextPool& texts : block_texts)
    memory->take(texts.take_memory());
  memory->take(texts_.take_memory());
  return memory;
}

}  // namespace rayhistory::historyserver
