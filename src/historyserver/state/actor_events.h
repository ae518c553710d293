// These functions read what events say of actors (Ray: src/ray/protobuf/public/events_actor_*_event.proto).
#pragma once

#include <simdjson.h>

#include "historyserver/state/event_walk.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

void read_actor_definition(EventWalk& walk, simdjson::ondemand::value of, ActorPiece& actor);
void read_actor_lifecycle(EventWalk& walk, simdjson::ondemand::value of, ActorPiece& actor);

}  // namespace rayhistory::historyserver
