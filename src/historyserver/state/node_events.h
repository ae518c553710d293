// These functions read what events say of nodes (Ray: src/ray/protobuf/public/events_node_*_event.proto).
#pragma once

#include <simdjson.h>

#include "historyserver/state/event_walk.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

void read_node_definition(EventWalk& walk, simdjson::ondemand::value of, NodePiece& node);
void read_node_lifecycle(EventWalk& walk, simdjson::ondemand::value of, NodePiece& node);

}  // namespace rayhistory::historyserver
