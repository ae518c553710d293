// What events say of placement groups (Ray: src/ray/protobuf/public/events_placement_group_*.proto). Ray 2.60
// has the two types and sends neither.
#pragma once

#include <simdjson.h>

#include "historyserver/state/event_walk.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

void read_placement_group_definition(EventWalk& walk, simdjson::ondemand::value of,
                                     PlacementGroupPiece& group);
void read_placement_group_lifecycle(EventWalk& walk, simdjson::ondemand::value of,
                                    PlacementGroupPiece& group);

}  // namespace rayhistory::historyserver
