#include "historyserver/state/event_payloads.h"

#include <cstdint>

#include "historyserver/state/actor_events.h"
#include "historyserver/state/autoscaler_events.h"
#include "historyserver/state/job_events.h"
#include "historyserver/state/node_events.h"
#include "historyserver/state/placement_group_events.h"
#include "historyserver/state/task_events.h"
#include "historyserver/state/worker_events.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::value;

// This reads a payload that tells one piece and nothing else.
template <auto kRead, auto kPiece>
void read_piece(EventWalk& walk, value of, EventPieces& pieces) {
  kRead(walk, of, (pieces.*kPiece).emplace());
}

void read_actor_task(EventWalk& walk, value of, EventPieces& pieces) {
  TaskPiece& task = pieces.task.emplace();
  read_task_definition(walk, of, task);
  task.type = TaskType::actor_task;
}

void read_task_change(EventWalk& walk, value of, EventPieces& pieces) {
  TaskPiece& task = pieces.task.emplace();
  read_task_lifecycle(walk, of, task);
  pieces.is_told_by_worker =
      task.worker_pid != 0 || (task.statuses & (1U << static_cast<uint32_t>(TaskStatus::running))) != 0;
}

void read_profile(EventWalk& walk, value of, EventPieces& pieces) {
  TaskPiece& task = pieces.task.emplace();
  read_task_profile(walk, of, task);
  pieces.is_told_by_worker = task.profile_component_type == "worker";
}

void mark_platform_event(EventWalk&, value, EventPieces& pieces) {
  pieces.is_of_platform = true;
}

struct Payload {
  std::string_view field;  // in camel case
  ReadPayload read;
};

// Tasks come first: a session has by far the most events of them.
constexpr Payload kPayloads[] = {
    {"taskDefinitionEvent", read_piece<read_task_definition, &EventPieces::task>},
    {"taskLifecycleEvent", read_task_change},
    {"taskProfileEvents", read_profile},
    {"actorTaskDefinitionEvent", read_actor_task},
    {"actorDefinitionEvent", read_piece<read_actor_definition, &EventPieces::actor>},
    {"actorLifecycleEvent", read_piece<read_actor_lifecycle, &EventPieces::actor>},
    {"nodeDefinitionEvent", read_piece<read_node_definition, &EventPieces::node>},
    {"nodeLifecycleEvent", read_piece<read_node_lifecycle, &EventPieces::node>},
    {"workerDefinitionEvent", read_piece<read_worker_definition, &EventPieces::worker>},
    {"workerLifecycleEvent", read_piece<read_worker_lifecycle, &EventPieces::worker>},
    {"driverJobDefinitionEvent", read_piece<read_driver_definition, &EventPieces::driver>},
    {"driverJobLifecycleEvent", read_piece<read_driver_lifecycle, &EventPieces::driver>},
    {"submissionJobDefinitionEvent", read_piece<read_submission_definition, &EventPieces::submission>},
    {"submissionJobLifecycleEvent", read_piece<read_submission_lifecycle, &EventPieces::submission>},
    {"placementGroupDefinitionEvent",
     read_piece<read_placement_group_definition, &EventPieces::placement_group>},
    {"placementGroupLifecycleEvent",
     read_piece<read_placement_group_lifecycle, &EventPieces::placement_group>},
    {"autoscalerConfigDefinitionEvent", read_piece<read_autoscaler_config, &EventPieces::autoscaler_report>},
    {"autoscalerScalingDecisionEvent", read_piece<read_scaling_decision, &EventPieces::autoscaler_report>},
    {"autoscalerNodeProvisioningEvent", read_piece<read_node_provisioning, &EventPieces::provisioning>},
    {"platformEvent", mark_platform_event},
};

}  // namespace

ReadPayload payload_reader(std::string_view field) {
  for (const Payload& payload : kPayloads)
    if (payload.field == field) return payload.read;
  return nullptr;
}

}  // namespace rayhistory::historyserver
