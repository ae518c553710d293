#include "historyserver/live/cluster_watch.h"

#include <utility>

#include <fmt/format.h>

#include "base/backoff.h"
#include "historyserver/live/ray_cluster_list.h"

namespace rayhistory::historyserver {
namespace {

constexpr const char* kList = "list RayClusters";
constexpr const char* kWatch = "watch RayClusters";
constexpr Seconds kListTimeout{20};
// After which the API server ends a watch, and another goes on where it ended.
constexpr Seconds kWatchTime{300};
// How long what is known holds while Kubernetes cannot be asked: KubeRay keeps a head's address as long.
constexpr Seconds kHoldsWhileBroken{30};
// A watch that fails does so while it connects, which takes 3 s at most (kubernetes_client.cpp).
constexpr Seconds kSurelyConnected{5};
// Between tries while Kubernetes cannot be asked.
constexpr Seconds kFirstPause{1};
constexpr Seconds kLongestPause{10};
// Between two watches, in case something before the API server ends each at once.
constexpr Seconds kShortestWatch{1};
// An account that may not watch may be given the right at any time.
constexpr Seconds kDeniedPause{60};
// A RayCluster with its pods' templates has some 10 KB of JSON, seldom 100 KB.
constexpr uint64_t kEventLimitBytes = 4 * 1024 * 1024;

std::string key_of(const ClusterPlace& place) {
  return fmt::format("{}/{}", place.name_space.str(), place.cluster.str());
}

}  // namespace

ClusterWatch::ClusterWatch(KubernetesClient& kubernetes, TroubleLog& trouble, const Clock& clock)
    : kubernetes_(kubernetes), trouble_(trouble), clock_(clock) {}

void ClusterWatch::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

std::optional<std::vector<RayCluster>> ClusterWatch::clusters() const {
  const std::lock_guard lock(mutex_);
  if (state_ == State::unknown) return std::nullopt;
  const SteadyTime now = clock_.steady_now();
  const bool is_connected = state_ == State::watching && now - state_since_ >= kSurelyConnected;
  if (failing_since_ && !is_connected && now - *failing_since_ > kHoldsWhileBroken) return std::nullopt;
  std::vector<RayCluster> found;
  found.reserve(clusters_.size());
  for (const auto& [key, cluster] : clusters_)
    found.push_back(cluster);
  return found;
}

void ClusterWatch::work(const std::stop_token& stop) {
  Backoff backoff(kFirstPause, kLongestPause);
  while (!stop.stop_requested()) {
    Result<std::string> version = list(stop);
    if (version) {
      trouble_.went_well(kList);
      backoff.reset();
      watch_from(*std::move(version), stop);
      continue;
    }
    if (stop.stop_requested()) return;
    trouble_.failed(kList, version.error());
    set(State::broken);
    clock_.sleep_for(backoff.next(), stop);
  }
}

void ClusterWatch::watch_from(std::string version, const std::stop_token& stop) {
  Backoff backoff(kFirstPause, kLongestPause);
  while (!stop.stop_requested()) {
    const SteadyTime began = clock_.steady_now();
    bool is_expired = false;
    set(State::watching);
    const QueryParameters query{{"watch", "true"},
                                {"allowWatchBookmarks", "true"},
                                {"resourceVersion", version},
                                {"timeoutSeconds", std::to_string(kWatchTime.count())}};
    const auto on_line = [&](std::string_view line) -> Result<void> {
      TRY_ASSIGN(RayClusterEvent event, parse_ray_cluster_event(line));
      trouble_.went_well(kWatch);
      backoff.reset();
      if (!event.version.empty()) version = event.version;
      is_expired = event.kind == RayClusterEvent::Kind::expired;
      if (is_expired) return Error{ErrorKind::cancelled, "the version that is watched from has expired"};
      take(std::move(event));
      return {};
    };
    const Result<void> watched =
        kubernetes_.watch(kRayClustersPath, query, kEventLimitBytes, on_line, Deadline::never(stop));
    if (stop.stop_requested()) return;
    // The API server no longer knows what has changed since (410): what there is is listed.
    if (is_expired || (!watched && watched.error().kind == ErrorKind::not_found)) return;
    if (!watched && watched.error().kind == ErrorKind::denied) return is_denied(watched.error(), stop);
    // The clusters that are known stay, and the next watch tells what has changed since.
    if (!watched && clock_.steady_now() - began < kSurelyConnected) {
      trouble_.failed(kWatch, watched.error());
      set(State::broken);
      clock_.sleep_for(backoff.next(), stop);
    } else {
      clock_.sleep_for(kShortestWatch, stop);
    }
  }
}

void ClusterWatch::is_denied(const Error& error, const std::stop_token& stop) {
  trouble_.failed(
      kWatch, error,
      "RayClusters may not be watched: changes show after ten seconds, and each question asks Kubernetes "
      "(give the ServiceAccount the right to watch rayclusters)");
  set(State::unknown);
  clock_.sleep_for(kDeniedPause, stop);
}

Result<std::string> ClusterWatch::list(const std::stop_token& stop) {
  TRY_ASSIGN(RayClusterPage page,
             list_ray_clusters(kubernetes_, Deadline::after(clock_, kListTimeout, stop)));
  std::map<std::string, RayCluster, std::less<>> found;
  for (RayCluster& cluster : page.clusters) {
    std::string key = key_of(cluster.place);
    found.insert_or_assign(std::move(key), std::move(cluster));
  }
  const std::lock_guard lock(mutex_);
  clusters_ = std::move(found);
  return std::move(page.version);
}

void ClusterWatch::take(RayClusterEvent event) {
  if (!event.cluster) return;
  std::string key = key_of(event.cluster->place);
  const std::lock_guard lock(mutex_);
  failing_since_.reset();
  if (event.kind == RayClusterEvent::Kind::deleted) {
    clusters_.erase(key);
  } else if (clusters_.size() < kListedRayClusters || clusters_.contains(key)) {
    clusters_.insert_or_assign(std::move(key), *std::move(event.cluster));
  }
}

void ClusterWatch::set(State state) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  // Nothing was ever known, so nothing holds.
  if (state_ == State::unknown && state == State::broken) return;
  const bool was_connected = state_ == State::watching && now - state_since_ >= kSurelyConnected;
  if (was_connected || state_ == State::unknown) failing_since_.reset();
  if (state == State::broken && !failing_since_) failing_since_ = now;
  state_ = state;
  state_since_ = now;
}

}  // namespace rayhistory::historyserver
