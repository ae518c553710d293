// Asks Kubernetes for all RayClusters, page by page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/live/kubernetes_client.h"
#include "historyserver/live/ray_cluster.h"

namespace rayhistory::historyserver {

// "/apis/ray.io/v1/rayclusters", of all namespaces.
inline constexpr std::string_view kRayClustersPath = "/apis/ray.io/v1/rayclusters";
// A page may have so many bytes: a RayCluster has some 10 KB of JSON with its pods' templates, seldom 100 KB.
inline constexpr uint64_t kRayClusterPageLimitBytes = 32 * 1024 * 1024;
// So many are listed; of more a warning is logged.
inline constexpr size_t kListedRayClusters = 10'000;

// In the API's order, as one page: `next` is empty, `version` is what a watch goes on from. Errors are
// KubernetesClient::get's, and `invalid` where an answer is no list.
Result<RayClusterPage> list_ray_clusters(KubernetesClient& kubernetes, const Deadline& deadline);

}  // namespace rayhistory::historyserver
