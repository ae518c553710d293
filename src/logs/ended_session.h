// The logs of a session that has ended: moved aside, stored to the last byte, marked as stored, removed.
//
//   <root>/prev-logs/<session>/<node>/logs/…               waiting to be stored
//   <root>/persist-complete-logs/<session>/<node>/logs/…   stored: the mark that it need not be again
//
// Both folders are KubeRay's, and what its collector or an older manifest's container command has left in prev-logs
// is taken up too. A file goes from one to the other when the store holds all of it; when none is left, what remains
// of the node's folder in prev-logs (symlinks, sockets, empty folders) is removed. So a crash at any moment leaves
// each file in one of the two, and the next start carries on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "layout/ids.h"
#include "layout/local_path.h"
#include "layout/object_key.h"
#include "logs/log_place.h"

namespace rayhistory {

// Any thread may call; one call at a time does the work.
class EndedSessions {
 public:
  // `offer` as a LogSink's. Files that are stored are moved by whoever calls their on_stored, also after this is gone.
  EndedSessions(RayFolder folder, ObjectKeys keys, std::function<void(Shipment)> offer);

  // The session that ran with this node has ended and nobody writes its logs any more: moves them to prev-logs and
  // offers them. Where they cannot be moved they are offered where they are.
  void take(const SessionName& session, const NodeId& node);

  // Offers what is in prev-logs.
  void resume();

  // Takes the sessions, other than the running one, that have logs and no raylet: an earlier collector did not live
  // to see them end. `node_of` says what they ran with, as far as their folders tell.
  void take_left_over(const SessionName& running,
                      const std::function<std::optional<NodeId>(const SessionName&)>& node_of);

 private:
  class Move;
  void offer_all(const std::string& from, const std::shared_ptr<Move>& move, const SessionName& session,
                 const NodeId& node);

  const RayFolder folder_;
  const ObjectKeys keys_;
  const std::function<void(Shipment)> offer_;
};

}  // namespace rayhistory
