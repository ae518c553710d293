// node_row() makes the row of a node, out of the pieces that tell of it.
#pragma once

#include "historyserver/state/session_state.h"
#include "historyserver/state/state_pieces.h"
#include "historyserver/state/text_memory.h"

namespace rayhistory::historyserver {

// The texts that it makes are kept in `texts`.
Node node_row(NodePiece piece, TextPool& texts);

}  // namespace rayhistory::historyserver
