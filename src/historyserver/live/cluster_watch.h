// The RayClusters that Kubernetes has, kept at hand: listed once, then watched (Kubernetes documentation,
// "API concepts", "Efficient detection of changes"), so that a change is known within moments and the API
// server is asked for nothing by those who look.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/live/kubernetes_client.h"
#include "historyserver/live/ray_cluster.h"

namespace rayhistory::historyserver {

// One thread of its own does the asking; any thread may look.
class ClusterWatch {
 public:
  // All must outlive it.
  ClusterWatch(KubernetesClient& kubernetes, TroubleLog& trouble, const Clock& clock);

  void start();
  // Ends what is under way, for good.
  void stop() { thread_.request_stop(); }

  // All of all namespaces, by namespace and name. Nothing while they are not known: before the first list,
  // where the account may not watch them, and when Kubernetes could not be asked for half a minute.
  std::optional<std::vector<RayCluster>> clusters() const;

 private:
  enum class State {
    unknown,   // never listed, or not allowed to
    watching,  // a watch is under way
    broken,    // what is known holds for a while
  };

  void work(const std::stop_token& stop);
  // Watches from `version` on until a new list is needed.
  void watch_from(std::string version, const std::stop_token& stop);
  Result<std::string> list(const std::stop_token& stop);
  void take(RayClusterEvent event);
  void set(State state);
  void is_denied(const Error& error, const std::stop_token& stop);

  KubernetesClient& kubernetes_;
  TroubleLog& trouble_;
  const Clock& clock_;

  mutable std::mutex mutex_;  // guards what follows
  State state_ = State::unknown;
  SteadyTime state_since_;
  std::optional<SteadyTime> failing_since_;
  std::map<std::string, RayCluster, std::less<>> clusters_;  // by "<namespace>/<name>"

  std::jthread thread_;
};

}  // namespace rayhistory::historyserver
