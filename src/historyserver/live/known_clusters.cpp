#include "historyserver/live/known_clusters.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "historyserver/live/ray_cluster_list.h"

namespace rayhistory::historyserver {
namespace {

// A cluster that was made or ended is noticed as late.
constexpr RecentValuesLimits kAnswers{.keys = 1024, .freshness = Seconds(10), .usable = Seconds(60)};
// How long what Kubernetes said holds while it cannot be asked: KubeRay keeps a head's address as long.
constexpr Seconds kUnconfirmed{30};
// A question of one cluster holds up whoever asks for a session, at times for nothing.
constexpr Seconds kFindTimeout{5};
constexpr Seconds kListTimeout{20};
// A RayCluster with its pods' templates has some 10 KB of JSON, seldom 100 KB.
constexpr uint64_t kClusterLimitBytes = 4 * 1024 * 1024;

constexpr const char* kListAll = "list RayClusters";
constexpr const char* kFind = "get a RayCluster";
constexpr const char* kReadService = "get a RayService";

std::string path_in(const DnsName& name_space) {
  return fmt::format("/apis/ray.io/v1/namespaces/{}/rayclusters", name_space.str());
}

// The cluster of that name, or one of that owner.
bool is_of(const ClusterPlace& place, const SessionAddress& address) {
  if (place.name_space != address.name_space) return false;
  if (address.kind == ClusterKind::raycluster) return place.cluster == address.name;
  const OwnerKind kind = address.kind == ClusterKind::rayjob ? OwnerKind::rayjob : OwnerKind::rayservice;
  return place.owner && place.owner->kind == kind && place.owner->name == address.name;
}

std::string_view crd_of(ClusterKind kind) {
  return kind == ClusterKind::rayjob ? "RayJob" : "RayService";
}

}  // namespace

KnownClusters::KnownClusters(KubernetesClient& kubernetes, const ClusterWatch& watch, TroubleLog& trouble,
                             const Clock& clock)
    : kubernetes_(kubernetes), watch_(watch), trouble_(trouble), clock_(clock), answers_(kAnswers, clock) {}

KnownClusters::Answer KnownClusters::ask(const std::string& what, const std::optional<Answer>& former,
                                         const Ask& question) {
  Result<std::vector<RayCluster>> clusters = question();
  const SteadyTime now = clock_.steady_now();
  if (clusters) {
    trouble_.went_well(what);
    return {std::make_shared<const std::vector<RayCluster>>(*std::move(clusters)), std::nullopt, now};
  }
  trouble_.failed(what, clusters.error());
  if (former && former->confirmed_at && now - *former->confirmed_at <= kUnconfirmed)
    return {former->clusters, std::move(clusters).error(), former->confirmed_at};
  return {std::make_shared<const std::vector<RayCluster>>(), std::move(clusters).error(), std::nullopt};
}

std::vector<RayCluster> KnownClusters::all(const std::stop_token& stop) {
  if (auto watched = watch_.clusters()) return *std::move(watched);
  const Answer answer = answers_.get("", [&](const std::optional<Answer>& former) {
    return ask(kListAll, former, [&] { return list_all(Deadline::after(clock_, kListTimeout, stop)); });
  });
  return *answer.clusters;
}

KnownClusters::Found KnownClusters::find(const SessionAddress& address, const std::stop_token& stop) {
  if (auto watched = watch_.clusters()) {
    std::erase_if(*watched, [&](const RayCluster& cluster) { return !is_of(cluster.place, address); });
    // Which of a RayService's clusters serves, the RayService says.
    const bool is_in_upgrade = address.kind == ClusterKind::rayservice && watched->size() > 1;
    if (!is_in_upgrade) return {*std::move(watched), std::nullopt};
  }
  const Answer answer = answers_.get(address.cluster(), [&](const std::optional<Answer>& former) {
    return ask(kFind, former, [&]() -> Result<std::vector<RayCluster>> {
      const Deadline deadline = Deadline::after(clock_, kFindTimeout, stop);
      if (address.kind != ClusterKind::raycluster) return list_owned(address, deadline);
      auto cluster = read({address.name_space, address.name, std::nullopt}, deadline);
      if (cluster) return std::vector<RayCluster>{*std::move(cluster)};
      if (cluster.error().kind == ErrorKind::not_found) return std::vector<RayCluster>();
      return std::move(cluster).error();
    });
  });
  return {*answer.clusters, answer.error};
}

Result<RayCluster> KnownClusters::read(const ClusterPlace& place, const Deadline& deadline) {
  TRY_ASSIGN(const std::string json, kubernetes_.get(path_in(place.name_space) + "/" + place.cluster.str(),
                                                     {}, kClusterLimitBytes, deadline));
  return parse_ray_cluster(json);
}

Result<std::vector<RayCluster>> KnownClusters::list_owned(const SessionAddress& address,
                                                          const Deadline& deadline) {
  const std::string labels = fmt::format("ray.io/originated-from-cr-name={},ray.io/originated-from-crd={}",
                                         address.name.str(), crd_of(address.kind));
  TRY_ASSIGN(const std::string json,
             kubernetes_.get(path_in(address.name_space), {{"labelSelector", labels}, {"limit", "100"}},
                             kRayClusterPageLimitBytes, deadline));
  TRY_ASSIGN(RayClusterPage page, parse_ray_cluster_list(json));
  // The right to read RayServices is needed only here.
  if (address.kind == ClusterKind::rayservice && page.clusters.size() > 1)
    mark_serving(page.clusters, address, deadline);
  return std::move(page.clusters);
}

void KnownClusters::mark_serving(std::vector<RayCluster>& clusters, const SessionAddress& address,
                                 const Deadline& deadline) {
  const std::string path = fmt::format("/apis/ray.io/v1/namespaces/{}/rayservices/{}",
                                       address.name_space.str(), address.name.str());
  const auto json = kubernetes_.get(path, {}, kClusterLimitBytes, deadline);
  const auto active = json ? parse_active_cluster(*json) : Result<std::optional<std::string>>(json.error());
  if (!active && active.error().kind == ErrorKind::not_found)
    return;  // deleted, and its clusters go after it
  if (!active) {
    trouble_.failed(
        kReadService, active.error(),
        "a RayService cannot be read: while it is changed for a newer one, its first cluster that answers is "
        "taken for the one that serves (give the ServiceAccount the right to get rayservices)");
    return;
  }
  trouble_.went_well(kReadService);
  const auto serving = std::find_if(clusters.begin(), clusters.end(), [&](const RayCluster& cluster) {
    return cluster.place.cluster.str() == active->value_or(std::string());
  });
  if (serving == clusters.end()) return;
  serving->serves_now = true;
  std::rotate(clusters.begin(), serving, serving + 1);
}

Result<std::vector<RayCluster>> KnownClusters::list_all(const Deadline& deadline) {
  TRY_ASSIGN(RayClusterPage page, list_ray_clusters(kubernetes_, deadline));
  return std::move(page.clusters);
}

}  // namespace rayhistory::historyserver
