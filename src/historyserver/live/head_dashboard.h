// The dashboard of a running cluster's head: asked who it is, and asked on behalf of others.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/exchange/response.h"
#include "historyserver/exchange/web_request.h"
#include "historyserver/live/known_clusters.h"
#include "historyserver/live/kubernetes_client.h"
#include "historyserver/live/ray_cluster.h"
#include "historyserver/live/recent_values.h"
#include "http/curl_client.h"
#include "layout/ids.h"

namespace rayhistory::historyserver {

struct HeadDashboardOptions {
  bool through_kubernetes = false;  // --use-kubernetes-proxy: by the API server's proxy of services
  bool token_mode = false;          // --use-auth-token-mode
  PeerRule peers = {};              // --live-cluster-networks: where heads may be, when asked directly
};

// Any thread.
class HeadDashboard {
 public:
  // All must outlive it, and the answers' bodies end before it.
  HeadDashboard(HeadDashboardOptions options, KubernetesClient& kubernetes, KnownClusters& clusters,
                TroubleLog& trouble, const Clock& clock);

  // Whether the head answers, and which session it says it runs, as it was some seconds ago.
  struct Running {
    bool answers = false;
    std::optional<SessionName> session;  // nothing: it does not say, or not to us
  };
  Running running(const RayCluster& cluster, const std::stop_token& stop);

  // Asks the head for `target` ("/api/v0/tasks?limit=10", encoded) and gives its answer, a body as it comes.
  // 400: the target cannot be, or the head has no service yet; 405: it would change something; 500: the token
  // that the cluster asks for cannot be had; 502: the head cannot be reached; 503: too many wait for heads;
  // 504: it does not answer in time.
  Response ask(const RayCluster& cluster, const WebRequest& request, std::string_view target,
               const std::stop_token& stop);

 private:
  class Body;
  class Place;

  Url url_of(const RayCluster& cluster, std::string_view target) const;
  // The token for Ray, and ours for Kubernetes, into `headers`.
  Result<void> sign_in(const RayCluster& known, Headers& headers, const Deadline& deadline);
  Result<std::string> token_of(const RayCluster& cluster, const Deadline& deadline);
  Running ask_session(const RayCluster& cluster, const std::stop_token& stop);
  CurlClient& http() { return options_.through_kubernetes ? kubernetes_.http() : direct_; }

  const HeadDashboardOptions options_;
  KubernetesClient& kubernetes_;
  KnownClusters& clusters_;
  TroubleLog& trouble_;
  const Clock& clock_;
  CurlClient direct_;
  RecentValues<Running> running_;
  std::atomic<int> under_way_{0};
};

}  // namespace rayhistory::historyserver
