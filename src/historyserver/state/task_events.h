// These functions read what events say of tasks (Ray: src/ray/protobuf/public/events_task_*.proto and
// events_actor_task_definition_event.proto).
#pragma once

#include <simdjson.h>

#include "historyserver/state/event_walk.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

void read_task_definition(EventWalk& walk, simdjson::ondemand::value of, TaskPiece& task);
void read_task_lifecycle(EventWalk& walk, simdjson::ondemand::value of, TaskPiece& task);
void read_task_profile(EventWalk& walk, simdjson::ondemand::value of, TaskPiece& task);

}  // namespace rayhistory::historyserver
