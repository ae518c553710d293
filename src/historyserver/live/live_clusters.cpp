#include "historyserver/live/live_clusters.h"

#include <algorithm>
#include <utility>

#include "historyserver/exchange/percent.h"
#include "historyserver/logs/log_request.h"

namespace rayhistory::historyserver {
namespace {

// Of KubeRay's checks: a path that leads elsewhere does not reach a head's log service.
Result<void> check_log_parameters(std::string_view target) {
  const size_t mark = target.find('?');
  const std::string path = percent_decoded(target.substr(0, mark));
  if (path != "/api/v0/logs/file" && path != "/api/v0/logs/stream") return {};
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  const auto parsed = parse_log_request(Query::parse(query));
  if (!parsed) return parsed.error();
  // Whether the head has a file of such a name is not known here, and what the head makes of it is not
  // either.
  if (parsed->filename && parsed->filename->is_odd()) return parsed->filename->traversal("filename");
  return {};
}

}  // namespace

LiveClusters::LiveClusters(KubernetesAccess access, KubernetesRate rate, HeadDashboardOptions options,
                           const Clock& clock)
    : kubernetes_(std::move(access), rate, clock),
      watch_(kubernetes_, trouble_, clock),
      clusters_(kubernetes_, watch_, trouble_, clock),
      head_(std::move(options), kubernetes_, clusters_, trouble_, clock) {}

std::vector<RayCluster> LiveClusters::list() const {
  std::vector<RayCluster> clusters = clusters_.all(stop_.get_token());
  std::erase_if(clusters, [](const RayCluster& cluster) { return cluster.is_suspended; });
  return clusters;
}

Result<std::optional<LiveSession>> LiveClusters::find(const SessionAddress& address) const {
  const KnownClusters::Found found = clusters_.find(address, stop_.get_token());
  if (found.clusters.empty() && found.error) return *found.error;
  return of_candidates(address, found.clusters);
}

std::optional<LiveSession> LiveClusters::of_candidates(const SessionAddress& address,
                                                       const std::vector<RayCluster>& candidates) const {
  const bool is_any = address.is_latest();
  const bool is_live = address.session.str() == kLiveSession;
  std::optional<LiveSession> silent;  // there, and nothing more is known
  for (const RayCluster& cluster : candidates) {
    if (cluster.is_suspended) continue;
    // It is meant by "live" whether its head answers or not: the other one is only being prepared.
    if (is_live && cluster.serves_now) return LiveSession{cluster, std::nullopt};
    // Of several, the one that answers.
    const bool is_asked = !is_live || candidates.size() > 1;
    const HeadDashboard::Running running =
        is_asked ? head_.running(cluster, stop_.get_token()) : HeadDashboard::Running{};
    const bool is_meant = running.answers && (is_any || running.session == address.session);
    if (is_meant) return LiveSession{cluster, running.session};
    if (!silent) silent = LiveSession{cluster, std::nullopt};
  }
  return is_live ? silent : std::nullopt;
}

Response LiveClusters::answer(const LiveSession& session, const WebRequest& request,
                              std::string_view target) const {
  if (const Result<void> parameters = check_log_parameters(target); !parameters)
    return text_response(400, parameters.error().message);
  return head_.ask(session.cluster, request, target, stop_.get_token());
}

}  // namespace rayhistory::historyserver
