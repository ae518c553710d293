// Which session runs here, and which node each session ran with: an event names its session, never its node.
//
// Not for several threads at once.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "layout/ids.h"

namespace rayhistory::collector {

// The node that a session ran or runs with, as its folder on this disk says (its *_port_<node> files).
using NodeOfSession = std::function<std::optional<NodeId>(const SessionName&)>;

class SessionNodes {
 public:
  explicit SessionNodes(NodeOfSession on_disk) : on_disk_(std::move(on_disk)) {}

  // What runs on this node now, as far as it is known; `node` never without `session`. False when that is
  // what ran before.
  bool set_running(const std::optional<SessionName>& session, const std::optional<NodeId>& node);
  // By a good event.
  void set_named(const SessionName& session) { named_ = session; }

  const std::optional<SessionName>& running_session() const { return running_session_; }
  const std::optional<NodeId>& running_node() const { return running_node_; }
  // The last one that a good event named.
  const std::optional<SessionName>& named_session() const { return named_; }
  // Nothing: not known yet.
  std::optional<NodeId> node_of(const SessionName& session);

 private:
  const NodeOfSession on_disk_;
  std::optional<SessionName> running_session_;
  std::optional<NodeId> running_node_;
  std::optional<SessionName> named_;
  std::map<SessionName, NodeId> nodes_;  // of the sessions that ran here
};

}  // namespace rayhistory::collector
