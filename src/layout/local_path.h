// Places on the node's disk: Ray's folder as Ray lays it out, and the event journals as KubeRay's collector
// named them. Jobs can write both, so each is a place in a shared tree (base/shared_tree.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/shared_tree.h"
#include "layout/ids.h"
#include "layout/object_key.h"

namespace rayhistory {

// Below $RAY_TMP_ROOT, all of it Ray's own (python/ray/_private/node.py) or KubeRay's.
class RayFolder {
 public:
  explicit RayFolder(SharedPath root) : root_(std::move(root)) {}

  const SharedPath& root() const { return root_; }
  SharedPath session_latest() const { return root_ / "session_latest"; }
  SharedPath raylet_node_id() const { return root_ / "raylet_node_id"; }
  SharedPath session(const SessionName& name) const { return root_ / name.str(); }
  SharedPath logs(const SessionName& name) const { return session(name) / "logs"; }
  SharedPath raylet_socket(const SessionName& name) const { return session(name) / "sockets/raylet"; }
  SharedPath previous_logs() const { return root_ / "prev-logs"; }
  SharedPath stored_previous_logs() const { return root_ / "persist-complete-logs"; }

 private:
  SharedPath root_;
};

// The node ID at the end of "metrics_agent_port_65ca…f7d3", which Ray 2.60 leaves in a session's folder.
std::optional<NodeId> node_id_of_port_file(std::string_view name);

// Event journals: <data dir>/<cluster>_<namespace>/<session>/{node_events,rejected_events}/<node>_<unix
// ns>.jsonl and …/job_events/<job>/<node>_<unix ns>.jsonl; sealed and compressed ones end in .jsonl.gz.
//
// Events that come before the session or the node is known wait under names that no real one has: the session
// "session_unknown", the node "00". They are renamed when it is known, and before that have no key.
class JournalFolder {
 public:
  JournalFolder(const SharedPath& data_dir, const DnsName& cluster, const DnsName& name_space);

  const SharedPath& root() const { return root_; }  // <data dir>/<cluster>_<namespace>
  SharedPath file(const SessionName& session, const JournalName& name) const;  // without .gz

  struct Found {
    SessionName session;
    JournalName name;
    bool gzip;
  };
  // `path` is below root(). Nothing where it is no journal's name.
  static std::optional<Found> parse(std::string_view path);

 private:
  SharedPath root_;
};

SessionName unknown_session();
NodeId unknown_node();

}  // namespace rayhistory
