// A table has the payloads of events: each payload stands in a field of RayEvent, and a function reads it.
#pragma once

#include <optional>
#include <string_view>

#include <simdjson.h>

#include "historyserver/state/event_walk.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

// One event tells these pieces. Ray sends one payload in each event.
struct EventPieces {
  std::optional<TaskPiece> task;
  std::optional<ActorPiece> actor;
  std::optional<NodePiece> node;
  std::optional<WorkerPiece> worker;
  std::optional<DriverPiece> driver;
  std::optional<SubmissionPiece> submission;
  std::optional<PlacementGroupPiece> placement_group;
  std::optional<AutoscalerReportPiece> autoscaler_report;
  std::optional<NodeProvisioning> provisioning;
  // The worker that executed the task says it, so the event's node is the task's.
  bool is_told_by_worker = false;
  // The event is one of Kubernetes, which is kept as it came.
  bool is_of_platform = false;
};

using ReadPayload = void (*)(EventWalk& walk, simdjson::ondemand::value of, EventPieces& pieces);

// It returns the reader of the payload that stands in this field, or null where no payload that is known
// does.
ReadPayload payload_reader(std::string_view field);

}  // namespace rayhistory::historyserver
