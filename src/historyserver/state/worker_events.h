// These functions read what events say of workers (Ray: src/ray/protobuf/public/events_worker_*_event.proto).
#pragma once

#include <simdjson.h>

#include "historyserver/state/event_walk.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

void read_worker_definition(EventWalk& walk, simdjson::ondemand::value of, WorkerPiece& worker);
void read_worker_lifecycle(EventWalk& walk, simdjson::ondemand::value of, WorkerPiece& worker);

}  // namespace rayhistory::historyserver
