// The logs of sessions that have ended: moved aside, stored to the last byte, marked as stored, removed.
//
//   <root>/prev-logs/<session>/<node>/logs/…               waiting to be stored
//   <root>/persist-complete-logs/<session>/<node>/logs/…   stored: the mark that it need not be again
//
// Both folders are KubeRay's, and what its collector or an older manifest's container command has left in
// prev-logs is taken up too. A file goes from one to the other when the store holds all of it; when none is
// left and nothing is to be done any more below the nodes' keys, what remains of the node's folder in
// prev-logs (symlinks, sockets, empty folders) is removed; the session's folder stays empty for some minutes.
// So a crash at any moment leaves each file in one of the two, and the next start carries on.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/shared_tree.h"
#include "layout/ids.h"
#include "layout/local_path.h"
#include "layout/node_times.h"
#include "layout/object_key.h"
#include "shipper/shipment_consumer.h"

namespace rayhistory::collector {

// Where an ended node's logs go once they are stored.
struct EndedLogsWay {
  SharedPath done;         // here goes each file
  SharedPath node_folder;  // and this, in prev-logs, is removed in the end
};

// For one thread at a time. Stored files are moved by the shipper's workers, also after this is gone.
class EndedSessions {
 public:
  // All nodes that ran in a session, of which one is known.
  using NodesOf = std::function<NodeTimes(const SessionName& session, const NodeId& known)>;

  // `consumer` must outlive it, and all that it offers.
  EndedSessions(RayFolder folder, ObjectKeys keys, NodesOf nodes_of, ShipmentConsumer& consumer);

  // What ran with this node has ended and nobody writes its logs any more: moves them to prev-logs and offers
  // them, each as a log of the node that it belongs to (log_place.h). Where they cannot be moved they are
  // offered where they are.
  void take(const SessionName& session, const NodeId& node);

  // Offers what is in prev-logs, whatever the session.
  void resume();

  // Takes the sessions that have logs and are not running: no collector lived to see them end. `node_of` says
  // what a session ran with, as far as its folder tells; without that its logs have no key, and stay.
  void take_left_over(const std::function<bool(const SessionName&)>& is_running,
                      const std::function<std::optional<NodeId>(const SessionName&)>& node_of);

 private:
  void offer_all(const SessionName& session, const NodeId& node, SharedPath logs,
                 std::optional<EndedLogsWay> way);
  void remove_old_empty_folders() const;
  void offer_previous(const SessionName& session, const NodeId& node);

  const RayFolder folder_;
  const ObjectKeys keys_;
  const NodesOf nodes_of_;
  ShipmentConsumer& consumer_;
};

}  // namespace rayhistory::collector
