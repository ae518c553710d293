#include "historyserver/web/clusters_answer.h"

#include <iterator>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace rayhistory {
namespace {

constexpr size_t kUsualBytes = 256;  // of a session

}  // namespace

std::string clusters_json(const SessionList& list) {
  std::string json = "[";
  json.reserve(list.all().size() * kUsualBytes);
  // Names are checked when they are parsed: none of them holds what JSON would have escaped.
  for (const FoundSession& found : list.all()) {
    if (json.size() > 1) json += ',';
    const ClusterPlace& place = found.session.place;
    fmt::format_to(std::back_inserter(json),
                   R"({{"name":"{}","namespace":"{}","sessionName":"{}","createTime":"{:%FT%TZ}",)"
                   R"("createTimeStamp":{})",
                   place.cluster.str(), place.name_space.str(), found.session.name.str(),
                   fmt::gmtime(static_cast<std::time_t>(found.begin_seconds)), found.begin_seconds);
    if (place.owner) {
      fmt::format_to(std::back_inserter(json), R"(,"ownerKind":"{}","ownerName":"{}")",
                     name_of(kind_of(place)), place.owner->name.str());
    }
    json += '}';
  }
  return json + "]";
}

}  // namespace rayhistory
