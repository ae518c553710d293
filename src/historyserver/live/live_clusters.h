// Clusters that run: found in Kubernetes, and answered for by their own head.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/exchange/response.h"
#include "historyserver/exchange/web_request.h"
#include "historyserver/live/cluster_watch.h"
#include "historyserver/live/head_dashboard.h"
#include "historyserver/live/known_clusters.h"
#include "historyserver/live/kubernetes_client.h"
#include "historyserver/live/ray_cluster.h"
#include "historyserver/sessions/session_address.h"

namespace rayhistory::historyserver {

// A session that runs, or is about to.
struct LiveSession {
  RayCluster cluster;
  // As the head says; nothing where it was not asked, or does not say.
  std::optional<SessionName> session;
};

// Any thread.
class LiveClusters {
 public:
  // `clock` must outlive it.
  LiveClusters(KubernetesAccess access, KubernetesRate rate, HeadDashboardOptions options,
               const Clock& clock);

  // Watches what there is, from now on.
  void start() { watch_.start(); }

  // All but those that are suspended, in Kubernetes' order; none where it cannot be asked.
  std::vector<RayCluster> list() const;

  // The running session that is meant by `address`:
  //   live         the cluster's, whether its head answers or not; of a RayService that is being changed for
  //   a newer
  //                one, the cluster's that serves now
  //   latest       the cluster's, where its head answers; of several, the one's that serves now before others
  //   <a session>  the cluster's, where its head answers and says that it runs this one
  // Nothing: none, and what is stored is meant. An error where Kubernetes could not be asked, which nobody
  // has to be told who finds what is stored; it is in the log.
  Result<std::optional<LiveSession>> find(const SessionAddress& address) const;

  // HeadDashboard::ask, after the parameters of log files have been checked.
  Response answer(const LiveSession& session, const WebRequest& request, std::string_view target) const;

  // Ends what is under way, for good.
  void stop() {
    stop_.request_stop();
    watch_.stop();
  }

 private:
  std::optional<LiveSession> of_candidates(const SessionAddress& address,
                                           const std::vector<RayCluster>& candidates) const;

  std::stop_source stop_;
  // What they have been told is no part of what this object is.
  mutable TroubleLog trouble_;
  mutable KubernetesClient kubernetes_;
  ClusterWatch watch_;
  mutable KnownClusters clusters_;
  mutable HeadDashboard head_;
};

}  // namespace rayhistory::historyserver
