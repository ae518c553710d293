// Object keys: every one that this project writes or reads is built here, and parsed here.
//
//   <root>/cluster-metadata/raycluster/<namespace>_<cluster>/<session>                            marker
//   <root>/cluster-metadata/<rayjob|rayservice>/<namespace>_<owner>_<cluster>/<session>           marker
//   <root>/cluster-history/raycluster/<namespace>/<cluster>/<session>/…
//   <root>/cluster-history/<rayjob|rayservice>/<namespace>/<owner>/<cluster>/<session>/…
//     <node>/logs/<path below the session's logs folder>
//     <node>/node_events/<node>-<YYYY-MM-DD-HH>-<unix ns>.jsonl[.gz]
//     <node>/job_events/<job>/<node>-<YYYY-MM-DD-HH>-<unix ns>.jsonl[.gz]
//     <node>/rejected_events/<node>-<YYYY-MM-DD-HH>-<unix ns>.jsonl
//     fetched_endpoints/restful__<endpoint>
//
// The layout is KubeRay's (historyserver/, v1.7); rejected_events is ours. A key is raw bytes: stores encode
// it for their wire. It never begins or ends with '/'.
//
// What parses can be built again to the same key, but for an event file's hour: KubeRay's collector writes
// that of its container's time zone, which is not always UTC; the nanoseconds beside it say the same and
// more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "layout/ids.h"

namespace rayhistory {

enum class OwnerKind { rayjob, rayservice };

struct Owner {
  OwnerKind kind;
  DnsName name;
  friend bool operator==(const Owner&, const Owner&) = default;
};

// Which cluster: the levels above a session.
struct ClusterPlace {
  DnsName name_space;
  DnsName cluster;
  std::optional<Owner> owner;
  friend bool operator==(const ClusterPlace&, const ClusterPlace&) = default;
};

enum class JournalKind { node_events, job_events, rejected_events };
// The folder of its files, the same in keys and on the disk: "node_events".
std::string_view folder_of(JournalKind kind);

// What decides an event file's key. `opened_nanoseconds` is the unix time at which the local file was opened.
struct JournalName {
  JournalKind kind;
  std::optional<JobId> job;  // exactly for job_events
  NodeId node;
  int64_t opened_nanoseconds;
  friend bool operator==(const JournalName&, const JournalName&) = default;
};

// What is listed to find the markers of all sessions under `root`; ends with '/'.
std::string all_markers_prefix(std::string_view root);

// Builds the keys of one cluster under one root folder.
class ObjectKeys {
 public:
  // `root` may be empty, and may have slashes at its ends or doubled, which are dropped.
  ObjectKeys(std::string_view root, ClusterPlace place);

  std::string marker(const SessionName& session) const;
  // ends with '/': what is listed to know what a session, or a node of it, has stored
  std::string session_prefix(const SessionName& session) const;
  std::string node_prefix(const SessionName& session, const NodeId& node) const;
  // `path` is below the logs folder, without a leading slash.
  std::string log(const SessionName& session, const NodeId& node, std::string_view path) const;
  std::string journal(const SessionName& session, const JournalName& name, bool gzip) const;
  // "/api/v0/placement_groups?detail=1&limit=10000" is stored under
  // "restful__api__v0__placement_groups?detail=1&limit=10000".
  std::string fetched_endpoint(const SessionName& session, std::string_view path_and_query) const;

 private:
  std::string metadata_prefix_;  // "<root>/cluster-metadata/raycluster/<namespace>_<cluster>/"
  std::string history_prefix_;   // "<root>/cluster-history/raycluster/<namespace>/<cluster>/"
};

struct MarkerKey {
  ClusterPlace place;
  SessionName session;
};
struct LogKey {
  ClusterPlace place;
  SessionName session;
  NodeId node;
  std::string path;
};
struct JournalKey {
  ClusterPlace place;
  SessionName session;
  JournalName name;
  bool gzip;
};
struct EndpointKey {
  ClusterPlace place;
  SessionName session;
  std::string name;  // "restful__timezone"
};
using ParsedKey = std::variant<MarkerKey, LogKey, JournalKey, EndpointKey>;

// "/api/v0/tasks?limit=1" -> "restful__api__v0__tasks?limit=1": what a fetched endpoint's object is called.
std::string endpoint_object_name(std::string_view path_and_query);

// What an object under `root` is, or nothing where it is none of ours.
std::optional<ParsedKey> parse_object_key(std::string_view root, std::string_view key);

}  // namespace rayhistory
