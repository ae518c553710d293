#include "historyserver/state/placement_group_row.h"

#include <algorithm>
#include <string_view>

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kRemovedGroup = "REMOVED";

}  // namespace

PlacementGroup placement_group_row(PlacementGroupPiece piece) {
  settle(piece);
  for (const PlacementGroupChange& change : piece.changes) {
    piece.state = change.state;
    piece.scheduling_state = change.scheduling_state;
    piece.scheduling_attempt = change.scheduling_attempt;
    piece.highest_retry_delay_ms = std::max(piece.highest_retry_delay_ms, change.highest_retry_delay_ms);
    piece.last_change = change.time;
    // It is the last state of a group, also where an earlier one comes late.
    if (change.state == kRemovedGroup) break;
  }
  return piece;
}

}  // namespace rayhistory::historyserver
