// A RayCluster as Kubernetes has it (KubeRay: ray-operator/apis/ray/v1/raycluster_types.go), of which the few
// fields that are needed to list it and to reach its head.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "layout/ids.h"
#include "layout/object_key.h"

namespace rayhistory::historyserver {

enum class RayAuthMode {
  none,
  token,             // a token of a Secret (spec.authOptions)
  kubernetes_token,  // each user's own, which Ray has Kubernetes judge
};

struct RayCluster {
  ClusterPlace place;
  int64_t created_seconds;  // Unix time; 0: not said
  // Nothing while the operator has made none.
  std::optional<DnsName> head_service;
  uint16_t dashboard_port;
  bool is_suspended;  // there, without pods
  RayAuthMode auth_mode;
  DnsName auth_secret;  // where auth_mode is token
  // Of several clusters of one RayService, which is being changed for a newer one: the one that serves now.
  // False where that is not known, or there is but one.
  bool serves_now = false;
};

struct RayClusterPage {
  std::vector<RayCluster> clusters;  // in the API's order
  std::string next;                  // its "continue": empty at the end
  std::string version;               // what a watch goes on from
};

// A line of a watch.
struct RayClusterEvent {
  enum class Kind {
    changed,  // added, too
    deleted,
    bookmark,  // nothing but a version
    expired,   // the version that was watched from is too old, or another error: a new list is needed
  };

  Kind kind;
  std::optional<RayCluster> cluster;  // of changed and deleted, where it can be read
  std::string version;
};

// Of `apiVersion: ray.io/v1`. `invalid` where the text is no JSON of that kind.
Result<RayCluster> parse_ray_cluster(std::string_view json);
// A cluster in it that cannot be read is left out.
Result<RayClusterPage> parse_ray_cluster_list(std::string_view json);

// `invalid` where it is no JSON of an event.
Result<RayClusterEvent> parse_ray_cluster_event(std::string_view json);

// Of a RayService: the name of the cluster that serves now, while another is prepared (KubeRay:
// ray-operator/apis/ray/ v1/rayservice_types.go, status.activeServiceStatus). Nothing where none serves yet.
// `invalid` where it is no JSON.
Result<std::optional<std::string>> parse_active_cluster(std::string_view json);

// Where the operator keeps a cluster's token when authOptions names no Secret: the name's last 50 characters,
// the first of them made a letter (KubeRay: ray-operator/controllers/ray/utils/util.go CheckName).
DnsName default_auth_secret(const DnsName& cluster);

}  // namespace rayhistory::historyserver
