// These functions make the rows of actors, out of the pieces that tell of them and of the nodes, workers and
// tasks of the session.
#pragma once

#include <vector>

#include "historyserver/state/build_steps.h"
#include "historyserver/state/session_state.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

// `nodes` are by ID.
Actor actor_row(ActorPiece piece, const std::vector<Node>& nodes);

// No event names the worker of an actor that died before it was ALIVE: it is the one that had the process's
// ID on the node that had the address. Where an ID was used again, it is the last that began before the
// actor's end.
void find_constructors(std::vector<Actor>& actors, const std::vector<Worker>& workers, BuildSteps& steps);

// Ray before 2.55 names no process ID in an actor's events. The tasks that ran in the actor's worker name it.
void find_process_ids(std::vector<Actor>& actors, const std::vector<TaskAttempt>& attempts,
                      BuildSteps& steps);

}  // namespace rayhistory::historyserver
