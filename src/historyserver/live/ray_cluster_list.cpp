#include "historyserver/live/ray_cluster_list.h"

#include <iterator>
#include <string>
#include <utility>

#include "base/log.h"

namespace rayhistory::historyserver {
namespace {

constexpr size_t kPageClusters = 100;

}  // namespace

Result<RayClusterPage> list_ray_clusters(KubernetesClient& kubernetes, const Deadline& deadline) {
  RayClusterPage all;
  std::string next;
  do {
    QueryParameters query{{"limit", std::to_string(kPageClusters)}};
    if (!next.empty()) query.emplace_back("continue", next);
    TRY_ASSIGN(const std::string json,
               kubernetes.get(kRayClustersPath, query, kRayClusterPageLimitBytes, deadline));
    TRY_ASSIGN(RayClusterPage page, parse_ray_cluster_list(json));
    all.clusters.insert(all.clusters.end(), std::make_move_iterator(page.clusters.begin()),
                        std::make_move_iterator(page.clusters.end()));
    all.version = std::move(page.version);
    next = std::move(page.next);
  } while (!next.empty() && all.clusters.size() < kListedRayClusters);
  if (!next.empty()) log_warning("not all RayClusters are listed", {{"listed", all.clusters.size()}});
  return all;
}

}  // namespace rayhistory::historyserver
