#include "historyserver/api/session_facts.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_text.h"
#include "historyserver/api/fetched_endpoint.h"
#include "historyserver/api/json_value.h"

namespace rayhistory::historyserver {
namespace {

// While nobody has fetched it. `ray job` asks for the version first, and goes on with one that parses and is
// 1.9 or newer (Ray: dashboard/modules/dashboard_sdk.py); events came with Ray 2.
constexpr std::string_view kUnknownVersion = "2+unknown";

}  // namespace

Response ray_version(const SessionView& view) {
  auto fetched = fetched_endpoint(view, "/api/version");
  if (!fetched) return store_failure(fetched.error());
  if (*fetched) return {.body = std::move(**fetched)};
  const auto metadata = fetched_endpoint(view, "/api/v0/cluster_metadata");
  if (!metadata) return store_failure(metadata.error());
  simdjson::dom::parser parser;
  std::string_view version;
  if (!*metadata || parser.parse(**metadata).at_pointer("/data/rayVersion").get(version) != simdjson::SUCCESS)
    version = kUnknownVersion;
  // "4" is the version of this answer itself (Ray: dashboard/modules/version.py).
  return {.body =
              fmt::format(R"({{"version": "4", "ray_version": {}, "ray_commit": "", "session_name": {}}})",
                          json_string(version), json_string(view.listing.session.name.str()))};
}

Response cluster_metadata(const SessionView& view) {
  return fetched_or(
      view, "/api/v0/cluster_metadata",
      envelope(200, "", R"({"rayVersion": null, "pythonVersion": null, "rayInitCluster": null})"));
}

Response timezone(const SessionView& view) {
  return fetched_or(view, "/timezone", {.body = R"({"offset": "", "value": ""})"});
}

Response cluster_id(const SessionView& view) {
  return fetched_or(view, "/cluster_id", envelope(200, "Fetched cluster id", R"({"clusterId": null})"));
}

Response component_activities(const SessionView& view) {
  UnixNanoseconds last = 0;
  for (const Job& job : view.state.jobs)
    last = std::max({last, job.end_time, job.driver_end_time});
  std::string json = R"({"driver": {"is_active": "INACTIVE", "reason": null, "timestamp": )";
  append_float(json, static_cast<double>(view.now) / 1e9);
  json += R"(, "last_activity_at": )";
  if (last == 0) {
    json += "null";
  } else {
    append_float(json, static_cast<double>(last) / 1e9);
  }
  json += "}}";
  return {.body = std::move(json)};
}

}  // namespace rayhistory::historyserver
