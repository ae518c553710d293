#include "journal/session_nodes.h"

#include "base/check.h"

namespace rayhistory::collector {

bool SessionNodes::set_running(const std::optional<SessionName>& session, const std::optional<NodeId>& node) {
  CHECK(session || !node);
  if (session == running_session_ && node == running_node_) return false;
  running_session_ = session;
  running_node_ = node;
  if (session && node) nodes_.insert_or_assign(*session, *node);
  return true;
}

std::optional<NodeId> SessionNodes::node_of(const SessionName& session) {
  if (const auto known = nodes_.find(session); known != nodes_.end()) return known->second;
  if (std::optional<NodeId> found = on_disk_(session)) {
    nodes_.emplace(session, *found);
    return found;
  }
  return running_node_;
}

}  // namespace rayhistory::collector
