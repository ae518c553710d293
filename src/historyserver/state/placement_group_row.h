// placement_group_row() makes the row of a placement group, out of the pieces that tell of it.
#pragma once

#include "historyserver/state/session_state.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

PlacementGroup placement_group_row(PlacementGroupPiece piece);

}  // namespace rayhistory::historyserver
