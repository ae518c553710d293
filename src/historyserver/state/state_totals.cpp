#include "historyserver/state/state_totals.h"

#include <algorithm>

#include "historyserver/state/json_element.h"
#include "historyserver/state/text_memory.h"

namespace rayhistory::historyserver {
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
    see(std::max(from_milliseconds(worker.start_time_ms), from_milliseconds(worker.end_time_ms)));
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

}  // namespace rayhistory::historyserver
