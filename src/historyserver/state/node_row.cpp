#include "historyserver/state/node_row.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kHeadResource = "node:__internal_head__";

// Ray's state API words a node's end so (Ray: python/ray/util/state/common.py NodeState, protobuf
// NodeDeathInfo).
std::string_view words_of_death(std::string_view reason) {
  if (reason == "EXPECTED_TERMINATION") return "Expected termination";
  if (reason == "UNEXPECTED_TERMINATION") return "Unexpected termination";
  if (reason == "AUTOSCALER_DRAIN_PREEMPTED") return "Terminated due to preemption";
  if (reason == "AUTOSCALER_DRAIN_IDLE") return "Terminated due to idle (no Ray activity)";
  return "Unknown termination";
}

}  // namespace

Node node_row(NodePiece piece, TextPool& texts) {
  for (const NodeChange& change : piece.changes) {
    if (change.state == "DEAD") {
      if (!piece.is_alive) continue;
      piece.is_alive = false;
      piece.end_time = change.time;
      piece.death_reason = change.death_reason;
      piece.death_message = change.death_message;
      std::string message(words_of_death(change.death_reason));
      if (!change.death_message.empty()) message.append(": ").append(change.death_message);
      piece.state_message = texts.keep(message);
    } else {
      if (piece.start_time == 0) piece.start_time = change.time;
      if (!change.resources.empty()) piece.resources = change.resources;
      piece.alive_sub_state = change.alive_sub_state == "UNSPECIFIED" ? "" : change.alive_sub_state;
    }
  }
  // Ray before 2.54 sends no name of a node, and its dashboard shows the node's address instead.
  if (piece.name.empty()) piece.name = piece.ip_address;
  piece.is_head = std::any_of(piece.resources.begin(), piece.resources.end(),
                              [](const auto& resource) { return resource.first == kHeadResource; });
  return piece;
}

}  // namespace rayhistory::historyserver
