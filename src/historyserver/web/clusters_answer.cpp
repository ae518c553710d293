#include "historyserver/web/clusters_answer.h"

#include <iterator>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace rayhistory::historyserver {
namespace {

constexpr size_t kUsualBytes = 256;  // of a session

// Names are checked when they are parsed: none of them holds what JSON would have escaped.
void append_row(std::string& json, const ClusterPlace& place, std::string_view session,
                std::string_view created, int64_t created_seconds) {
  if (json.size() > 1) json += ',';
  fmt::format_to(
      std::back_inserter(json),
      R"({{"name":"{}","namespace":"{}","sessionName":"{}","createTime":"{}","createTimeStamp":{})",
      place.cluster.str(), place.name_space.str(), session, created, created_seconds);
  if (place.owner) {
    fmt::format_to(std::back_inserter(json), R"(,"ownerKind":"{}","ownerName":"{}")", name_of(kind_of(place)),
                   place.owner->name.str());
  }
  json += '}';
}

std::tm utc(int64_t unix_seconds) {
  return fmt::gmtime(static_cast<std::time_t>(unix_seconds));
}

}  // namespace

std::string clusters_json(const std::vector<RayCluster>& running, const SessionList& stored) {
  std::string json = "[";
  json.reserve((running.size() + stored.all().size()) * kUsualBytes);
  for (const RayCluster& cluster : running) {
    // In Go's form, as KubeRay has it for these.
    append_row(json, cluster.place, kLiveSession,
               fmt::format("{:%F %T} +0000 UTC", utc(cluster.created_seconds)), cluster.created_seconds);
  }
  for (const FoundSession& found : stored.all()) {
    append_row(json, found.session.place, found.session.name.str(),
               fmt::format("{:%FT%TZ}", utc(found.begin_seconds)), found.begin_seconds);
  }
  return json + "]";
}

}  // namespace rayhistory::historyserver
