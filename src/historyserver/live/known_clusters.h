// The RayClusters that Kubernetes has: as the watch knows them, or else as it was asked lately.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/live/cluster_watch.h"
#include "historyserver/live/kubernetes_client.h"
#include "historyserver/live/ray_cluster.h"
#include "historyserver/live/recent_values.h"
#include "historyserver/sessions/session_address.h"

namespace rayhistory::historyserver {

// Any thread.
class KnownClusters {
 public:
  // All must outlive it.
  KnownClusters(KubernetesClient& kubernetes, const ClusterWatch& watch, TroubleLog& trouble,
                const Clock& clock);

  // All of all namespaces, in the API's order. What it knew before, for half a minute, and then none, where
  // Kubernetes cannot be asked.
  std::vector<RayCluster> all(const std::stop_token& stop);

  struct Found {
    // Several where a RayService is being changed for a newer one: the one that serves now first, where that
    // is known.
    std::vector<RayCluster> clusters;
    std::optional<Error> error;  // Kubernetes could not be asked
  };
  // The cluster of that name, or those of that owner. Likewise.
  Found find(const SessionAddress& address, const std::stop_token& stop);

  // Asked anew, because it decides who may see what.
  Result<RayCluster> read(const ClusterPlace& place, const Deadline& deadline);

 private:
  struct Answer {
    std::shared_ptr<const std::vector<RayCluster>> clusters;
    std::optional<Error> error;
    std::optional<SteadyTime> confirmed_at;  // when Kubernetes said so
  };
  using Ask = std::function<Result<std::vector<RayCluster>>()>;

  Answer ask(const std::string& what, const std::optional<Answer>& former, const Ask& question);
  Result<std::vector<RayCluster>> list_all(const Deadline& deadline);
  Result<std::vector<RayCluster>> list_owned(const SessionAddress& address, const Deadline& deadline);
  void mark_serving(std::vector<RayCluster>& clusters, const SessionAddress& address,
                    const Deadline& deadline);

  KubernetesClient& kubernetes_;
  const ClusterWatch& watch_;
  TroubleLog& trouble_;
  const Clock& clock_;
  RecentValues<Answer> answers_;
};

}  // namespace rayhistory::historyserver
